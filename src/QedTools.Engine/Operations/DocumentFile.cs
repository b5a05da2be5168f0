using System;
using System.Threading;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A file for something to look at, such as a picture of a map. It appears whole or not at all.</summary>
internal sealed class DocumentFile : IDisposable
{
    private readonly ReservedName _name;
    private readonly OperationTrace? _trace;

    private DocumentFile(ReservedName name, OperationTrace? trace)
    {
        _name = name;
        _trace = trace;
    }

    /// <summary>Holds the name of a file that is to be written, and the file that has it.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <param name="trace">Is told what is decided; may be null.</param>
    /// <exception cref="QedFileExistsException">A file of that name exists and is not to be replaced.</exception>
    /// <exception cref="QedException">There can be no such file.</exception>
    public static DocumentFile Reserve(string path, bool replace, OperationTrace? trace) => new(ReservedName.Hold(path, replace, trace: trace), trace);

    /// <summary>Writes the file.</summary>
    /// <param name="contents">All of it.</param>
    /// <param name="cancellation">Stops it before the file gets its name; nothing is left then.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Write(ReadOnlySpan<byte> contents, CancellationToken cancellation)
    {
        using NewFile file = NewFile.Create(_name, trace: _trace);
        file.Storage.Write(0, contents);
        cancellation.ThrowIfCancellationRequested();
        file.Commit();
    }

    /// <summary>Gives the name free.</summary>
    public void Dispose() => _name.Dispose();
}
