using System;
using System.Collections.Generic;

namespace QedTools.Storage;

/// <summary>
/// A file whose old contents are saved before they are overwritten or cut off, so that all changes can be undone. Saved
/// contents are on the disk before the change is made.
/// </summary>
/// <remarks>
/// Changes to saved parts wait in memory until a flush, so that one flush of the journal serves many of them. Data beyond the
/// original end needs no saving and is written at once. Blocks are saved once, however often they are written, so the journal
/// never holds more data than the file did.
/// </remarks>
internal sealed class UndoStorage : IStorage, ISharingStorage
{
    private const int MaxPendingBytes = 8 << 20;
    private const int BlockBits = 12;
    private const int BlockBytes = 1 << BlockBits;
    private const int BlocksInWord = 64;

    private readonly object _gate = new(); // reads apply pending changes, and come from many threads
    private readonly IStorage _inner;
    private readonly UndoJournal _journal;
    private readonly List<(long Offset, byte[] Data)> _pending = [];
    private readonly Dictionary<long, ulong> _savedBlocks = [];
    private long _pendingBytes;
    private long _savedEnd;

    /// <param name="inner">The file; owned by this object.</param>
    /// <param name="journal">Receives the old contents; the caller keeps ownership.</param>
    public UndoStorage(IStorage inner, UndoJournal journal)
    {
        _inner = inner;
        _journal = journal;
        _savedEnd = inner.Length;
    }

    /// <summary>Decides for an offset whether the data there is worth saving, and for how many bytes that holds; null if all data is.</summary>
    public Func<long, (bool IsWorthSaving, long Length)>? Worth { get; set; }

    /// <summary>Whether a change has reached the file, or may have.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Saves the first block now, so that its last change later adds no record to the journal.</summary>
    /// <exception cref="QedException">It could not be read, or the journal could not be written.</exception>
    public void SaveStart()
    {
        lock (_gate)
        {
            SaveBlocks(0, 1);
            _journal.Flush();
        }
    }

    public string Path => _inner.Path;

    public string Identity => _inner.Identity;

    public bool CanWrite => _inner.CanWrite;

    public int? DeviceSectorSize => _inner.DeviceSectorSize;

    public long Length => _inner.Length;

    public StorageStamp Stamp => _inner.Stamp;

    public long AllocatedBytes => _inner.AllocatedBytes;

    public FreeSpace? FreeSpace => _inner.FreeSpace;

    public bool IsInUse => _inner.IsInUse;

    public int Read(long offset, Span<byte> buffer)
    {
        ApplyPendingChangesIn(offset, buffer.Length);
        return _inner.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            int inside = (int)Math.Max(0, Math.Min(data.Length, _savedEnd - offset));
            if (inside > 0)
            {
                _pending.Add((offset, data.Slice(0, inside).ToArray()));
                _pendingBytes += inside;
                if (_pendingBytes > MaxPendingBytes)
                {
                    ApplyPendingChanges();
                }
            }

            if (inside < data.Length)
            {
                HasChanged = true;
                _inner.Write(offset + inside, data.Slice(inside));
            }
        }
    }

    public void SetLength(long length)
    {
        lock (_gate)
        {
            ApplyPendingChanges();
            if (length < _savedEnd)
            {
                SaveTail(length, _savedEnd);
                _journal.Flush();
                _savedEnd = length;
            }

            HasChanged = true;
            _inner.SetLength(length);
        }
    }

    public void Flush()
    {
        lock (_gate)
        {
            ApplyPendingChanges();
            _inner.Flush();
        }
    }

    public void BeginFlush() => _inner.BeginFlush();

    public StorageRange RangeAt(long offset, long length)
    {
        ApplyPendingChangesIn(offset, length);
        return _inner.RangeAt(offset, length);
    }

    /// <remarks>Only copies within the file share blocks.</remarks>
    public int? SharingUnitWith(IStorage source) => source == this ? (_inner as ISharingStorage)?.SharingUnitWith(_inner) : null;

    /// <remarks>Only past the end of what must be saved.</remarks>
    public bool TryShare(IStorage source, long sourceOffset, long offset, long length)
    {
        lock (_gate)
        {
            if (source != this || offset < _savedEnd)
            {
                return false;
            }

            ApplyPendingChangesIn(sourceOffset, length);
            HasChanged = true;
            return (_inner as ISharingStorage)?.TryShare(_inner, sourceOffset, offset, length) == true;
        }
    }

    public void Dispose()
    {
        try
        {
            lock (_gate)
            {
                ApplyPendingChanges();
            }
        }
        finally
        {
            _inner.Dispose();
        }
    }

    private void ApplyPendingChangesIn(long offset, long length)
    {
        lock (_gate)
        {
            foreach ((long start, byte[] data) in _pending)
            {
                if (start < offset + length && offset < start + data.Length)
                {
                    ApplyPendingChanges();
                    break;
                }
            }
        }
    }

    private void ApplyPendingChanges()
    {
        if (_pending.Count == 0)
        {
            return;
        }

        foreach ((long offset, byte[] data) in _pending)
        {
            SaveBlocks(offset, data.Length);
        }

        _journal.Flush();
        HasChanged = true;
        foreach ((long offset, byte[] data) in _pending)
        {
            _inner.Write(offset, data);
        }

        _pending.Clear();
        _pendingBytes = 0;
    }

    // The old contents are saved in whole blocks, each only the first time.
    private void SaveBlocks(long offset, long length)
    {
        long end = Math.Min(_savedEnd, EndOfBlock(offset + length - 1));
        for (long at = offset & -BlockBytes; at < end;)
        {
            bool isSaved = IsSaved(at);
            long runEnd = EndOfRun(at, end, isSaved);
            if (!isSaved)
            {
                Save(at, runEnd - at);
                for (long block = at; block < runEnd; block = EndOfBlock(block))
                {
                    MarkSaved(block);
                }
            }

            at = runEnd;
        }
    }

    private void Save(long offset, long length)
    {
        while (length > 0)
        {
            StorageRange range = _inner.RangeAt(offset, length);
            long count = range.Length;
            if (range.IsHole)
            {
                _journal.AppendHole(offset, count);
            }
            else
            {
                (bool isWorthSaving, long holds) = Worth?.Invoke(offset) ?? (true, count);
                count = Math.Min(count, holds);
                if (isWorthSaving)
                {
                    _journal.Append(_inner, offset, count);
                }
                else
                {
                    _journal.AppendUnsaved(offset, count);
                }
            }

            offset += count;
            length -= count;
        }
    }

    // What is cut off is not written again, so nothing is marked as saved.
    private void SaveTail(long offset, long end)
    {
        while (offset < end)
        {
            StorageRange range = _inner.RangeAt(offset, end - offset);
            long rangeEnd = offset + range.Length;
            while (offset < rangeEnd)
            {
                bool isSaved = !range.IsHole && IsSaved(offset);
                long runEnd = range.IsHole ? rangeEnd : EndOfRun(offset, rangeEnd, isSaved);
                if (!isSaved)
                {
                    Save(offset, runEnd - offset);
                }

                offset = runEnd;
            }
        }
    }

    // The end of a run of blocks that are all saved, or all not saved.
    private long EndOfRun(long offset, long end, bool isSaved)
    {
        do
        {
            offset = EndOfBlock(offset);
        }
        while (offset < end && IsSaved(offset) == isSaved);
        return Math.Min(offset, end);
    }

    private static long EndOfBlock(long offset) =>
        offset > long.MaxValue - BlockBytes ? long.MaxValue : (offset | (BlockBytes - 1)) + 1;

    private static (long Word, ulong Mask) PlaceOf(long offset)
    {
        long block = offset >> BlockBits;
        return (block / BlocksInWord, 1UL << (int)(block % BlocksInWord));
    }

    private bool IsSaved(long offset)
    {
        (long word, ulong mask) = PlaceOf(offset);
        return _savedBlocks.TryGetValue(word, out ulong saved) && (saved & mask) != 0;
    }

    private void MarkSaved(long offset)
    {
        (long word, ulong mask) = PlaceOf(offset);
        _savedBlocks.TryGetValue(word, out ulong saved);
        _savedBlocks[word] = saved | mask;
    }
}
