using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>What was done to a storage.</summary>
public enum StorageCall
{
    Read,
    Write,
    SetLength,
    Flush,
    BeginFlush,
    Close,
}

/// <summary>One call of a storage.</summary>
/// <param name="Kind">The kind of call.</param>
/// <param name="Offset">The offset in bytes; for a change of length, the new length.</param>
/// <param name="Length">The number of bytes.</param>
/// <param name="Data">The bytes written.</param>
internal sealed record StorageEvent(StorageCall Kind, long Offset, long Length, byte[] Data)
{
    public long End => Offset + Length;

    public bool IsWrite => Kind == StorageCall.Write;

    public bool IsFlush => Kind == StorageCall.Flush;

    /// <summary>Whether the header is written.</summary>
    public bool IsHeader => IsWrite && Offset == 0 && Length == QedHeader.Size;

    /// <summary>The header that is written.</summary>
    public QedHeader Header => QedHeader.Parse(Data, "header", Length);

    public override string ToString() => IsHeader
        ? $"header (need-check {Header.NeedsCheck}, size {Header.ImageSize})"
        : IsFlush ? "flush" : $"{Kind} {Offset}+{Length}";
}

/// <summary>Keeps a list of all calls made on a storage.</summary>
internal class RecordingStorage(IStorage inner) : ForwardingStorage(inner)
{
    private readonly List<StorageEvent> _events = [];

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<StorageEvent> Events => _events;

    /// <summary>The calls that change the file, and the flushes that make the changes durable.</summary>
    public List<StorageEvent> Changes => [.. _events.Where(e => e.Kind is StorageCall.Write or StorageCall.SetLength or StorageCall.Flush)];

    /// <summary>How many bytes were written, apart from the header.</summary>
    public long BytesWritten => _events.Where(e => e.IsWrite && !e.IsHeader).Sum(e => e.Length);

    public void Forget() => _events.Clear();

    public override int Read(long offset, Span<byte> buffer)
    {
        Note(new StorageEvent(StorageCall.Read, offset, buffer.Length, []));
        return Inner.Read(offset, buffer);
    }

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        Note(new StorageEvent(StorageCall.Write, offset, data.Length, data.ToArray()));
        Inner.Write(offset, data);
    }

    public override void SetLength(long length)
    {
        Note(new StorageEvent(StorageCall.SetLength, length, 0, []));
        Inner.SetLength(length);
    }

    public override void Flush()
    {
        Note(new StorageEvent(StorageCall.Flush, 0, 0, []));
        Inner.Flush();
    }

    public override void BeginFlush()
    {
        Note(new StorageEvent(StorageCall.BeginFlush, 0, 0, []));
        Inner.BeginFlush();
    }

    public override void Dispose()
    {
        Note(new StorageEvent(StorageCall.Close, 0, 0, []));
        base.Dispose();
    }

    /// <summary>Called before each call is made, on any thread.</summary>
    protected virtual void Note(StorageEvent call)
    {
        lock (_events)
        {
            _events.Add(call);
        }
    }
}
