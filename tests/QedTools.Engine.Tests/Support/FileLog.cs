using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>Writes down what this flow of execution does to files of the host that it opens, apart from reading them, in order, until it is disposed of.</summary>
internal sealed class FileLog : IDisposable
{
    private readonly List<(string Path, StorageCall Act)> _entries = [];

    public FileLog() => HostFiles.Interceptor.Value = storage => new Logged(storage, this);

    /// <summary>Is told of what is about to be done; what it throws is done instead.</summary>
    public Action<string, StorageCall>? Before { get; set; }

    /// <summary>The files that something was done to.</summary>
    public IReadOnlyList<string> Paths => [.. _entries.Select(entry => entry.Path).Distinct()];

    /// <summary>What was done to one of them.</summary>
    public IReadOnlyList<StorageCall> ActsOn(string path) => [.. _entries.Where(entry => entry.Path == path).Select(entry => entry.Act)];

    public void Dispose() => HostFiles.Interceptor.Value = null;

    private void Note(string path, StorageCall act)
    {
        Before?.Invoke(path, act);
        lock (_entries)
        {
            _entries.Add((path, act));
        }
    }

    private sealed class Logged(IStorage inner, FileLog log) : RecordingStorage(inner)
    {
        protected override bool ClosesInner => true;

        protected override void Note(StorageEvent call)
        {
            if (call.Kind != StorageCall.Read)
            {
                log.Note(Path, call.Kind);
            }
        }
    }
}
