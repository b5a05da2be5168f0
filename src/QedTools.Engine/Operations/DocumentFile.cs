using System;
using System.Threading;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A file for people to look at, such as a picture of a map. It appears complete or not at all.</summary>
internal sealed class DocumentFile : IDisposable
{
    private readonly ReservedName _name;
    private readonly OperationTrace? _trace;

    private DocumentFile(ReservedName name, OperationTrace? trace)
    {
        _name = name;
        _trace = trace;
    }

    /// <summary>Reserves the name of a file that is to be written, and holds the file that currently has it.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <param name="trace">Receives decisions; may be null.</param>
    /// <exception cref="QedFileExistsException">A file of that name exists and is not to be replaced.</exception>
    /// <exception cref="QedException">Such a file cannot be created.</exception>
    public static DocumentFile Reserve(string path, bool replace, OperationTrace? trace) => new(ReservedName.Hold(path, replace, trace: trace), trace);

    /// <summary>Writes the file.</summary>
    /// <param name="contents">All of it.</param>
    /// <param name="cancellation">Stops it before the file gets its name; nothing is left behind.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Write(ReadOnlySpan<byte> contents, CancellationToken cancellation)
    {
        using NewFile file = NewFile.Create(_name, trace: _trace);
        file.Storage.Write(0, contents);
        cancellation.ThrowIfCancellationRequested();
        file.Commit();
    }

    /// <summary>Releases the name.</summary>
    public void Dispose() => _name.Dispose();
}
