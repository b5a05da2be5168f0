using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>What is done to a file, apart from looking at it.</summary>
public enum FileAct
{
    Write,
    SetLength,
    BeginFlush,
    Flush,
    Close,
}

/// <summary>Writes down what this flow of execution does to files of the host that it opens, in order, until it is disposed of.</summary>
internal sealed class FileLog : IDisposable
{
    private readonly List<(string Path, FileAct Act)> _entries = [];

    public FileLog() => HostFiles.Interceptor.Value = storage => new Logged(storage, this);

    /// <summary>Is told of what is about to be done; what it throws is done instead.</summary>
    public Action<string, FileAct>? Before { get; set; }

    /// <summary>The files that something was done to.</summary>
    public IReadOnlyList<string> Paths => [.. _entries.Select(entry => entry.Path).Distinct()];

    /// <summary>What was done to one of them.</summary>
    public IReadOnlyList<FileAct> ActsOn(string path) => [.. _entries.Where(entry => entry.Path == path).Select(entry => entry.Act)];

    public void Dispose() => HostFiles.Interceptor.Value = null;

    private void Note(string path, FileAct act)
    {
        Before?.Invoke(path, act);
        lock (_entries)
        {
            _entries.Add((path, act));
        }
    }

    private sealed class Logged(IStorage inner, FileLog log) : IStorage
    {
        public string Path => inner.Path;

        public string Identity => inner.Identity;

        public bool CanWrite => inner.CanWrite;

        public long Length => inner.Length;

        public StorageStamp Stamp => inner.Stamp;

        public long AllocatedBytes => inner.AllocatedBytes;

        public StorageRoom? Room => inner.Room;

        public bool IsInUse => inner.IsInUse;

        public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            log.Note(Path, FileAct.Write);
            inner.Write(offset, data);
        }

        public void SetLength(long length)
        {
            log.Note(Path, FileAct.SetLength);
            inner.SetLength(length);
        }

        public void Flush()
        {
            log.Note(Path, FileAct.Flush);
            inner.Flush();
        }

        public void BeginFlush()
        {
            log.Note(Path, FileAct.BeginFlush);
            inner.BeginFlush();
        }

        public StorageRange RangeAt(long offset, long length) => inner.RangeAt(offset, length);

        public void Dispose()
        {
            log.Note(Path, FileAct.Close);
            inner.Dispose();
        }
    }
}
