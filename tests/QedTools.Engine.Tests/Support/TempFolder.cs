using System;
using System.IO;

namespace QedTools.Tests.Support;

/// <summary>A folder for one test, removed with everything in it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "qedtools-tests-" + Guid.NewGuid().ToString("N"));

    /// <summary>The full path of a file in it.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
