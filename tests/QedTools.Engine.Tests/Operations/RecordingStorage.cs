using System;
using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Tests.Operations;

/// <summary>One thing that was done to a file.</summary>
/// <param name="Offset">Where it was written, in bytes; the new length for a change of length; -1 for a flush.</param>
/// <param name="Data">What was written; null for a change of length and for a flush.</param>
internal sealed record StorageStep(long Offset, byte[]? Data)
{
    public static StorageStep Flush { get; } = new(-1, null);

    public bool IsFlush => Offset < 0;

    public bool IsWrite => Data is not null;

    public long End => Offset + (Data?.Length ?? 0);
}

/// <summary>Passes everything on and writes down, in order, what changes the file and what makes changes last.</summary>
internal sealed class RecordingStorage(IStorage inner) : IStorage
{
    public List<StorageStep> Steps { get; } = [];

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
        Steps.Add(new StorageStep(offset, data.ToArray()));
        inner.Write(offset, data);
    }

    public void SetLength(long length)
    {
        Steps.Add(new StorageStep(length, null));
        inner.SetLength(length);
    }

    public void Flush()
    {
        Steps.Add(StorageStep.Flush);
        inner.Flush();
    }

    public void BeginFlush() => inner.BeginFlush();

    public StorageRange RangeAt(long offset, long length) => inner.RangeAt(offset, length);

    public void Dispose() => inner.Dispose();
}
