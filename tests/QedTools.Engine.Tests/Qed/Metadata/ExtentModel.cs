using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Tests.Support;

namespace QedTools.Tests.Qed.Metadata;

/// <summary>
/// An image's extents, found the slow way: every unit of the disk is looked up on its own in the bytes of the file,
/// and neighbours that belong together are joined.
/// </summary>
internal sealed class ExtentModel
{
    private readonly MemoryStorage _file;
    private readonly ExtentModel? _backing;
    private readonly long _clusterSize;
    private readonly long _headerBytes;
    private readonly long _tableBytes;
    private readonly long _l1Offset;

    public ExtentModel(MemoryStorage file, ExtentModel? backing = null)
    {
        _file = file;
        _backing = backing;
        _clusterSize = (long)Number(4, 4);
        _tableBytes = (long)Number(8, 4) * _clusterSize;
        _headerBytes = (long)Number(12, 4) * _clusterSize;
        _l1Offset = (long)Number(40, 8);
        Length = (long)Number(48, 8);
        Unit = Math.Min(_clusterSize, backing is null ? _clusterSize : 512);
    }

    public long Length { get; }

    // Inside a cluster, what is below it can change from one sector to the next, where the backing disk ends.
    private long Unit { get; }

    /// <summary>The extents of a range, each as long as possible, up to the first bad entry.</summary>
    public (List<DiskExtent> Extents, bool IsDamaged) Extents(long offset, long length)
    {
        List<DiskExtent> extents = [];
        long end = offset + length;
        for (long at = offset; at < end;)
        {
            long next = Math.Min(end, ((at / Unit) + 1) * Unit);
            if (At(at) is not { } found)
            {
                return (extents, true);
            }

            // If a cluster ends past the end of the file, the part in the file is data.
            if (found is { State: QedExtentState.Data, Depth: 0 })
            {
                next = Math.Min(next, at + EndOf(found.FileOffset / _clusterSize * _clusterSize, _clusterSize) - found.FileOffset);
            }

            DiskExtent last = extents.Count > 0 ? extents[^1] : default;
            bool isSame = last.Length > 0 && last.State == found.State && last.Depth == found.Depth
                && (found.State != QedExtentState.Data || last.FileOffset + last.Length == found.FileOffset);
            if (isSame)
            {
                extents[^1] = last with { Length = last.Length + next - at };
            }
            else
            {
                extents.Add(new DiskExtent(at, next - at, found.State, found.FileOffset, found.Depth));
            }

            at = next;
        }

        return (extents, false);
    }

    /// <summary>The state of one byte of the disk; null if an entry on the way is bad.</summary>
    public (QedExtentState State, long FileOffset, int Depth)? At(long offset)
    {
        if (offset >= Length)
        {
            return (QedExtentState.Unallocated, 0, 0);
        }

        long cluster = offset / _clusterSize;
        long entries = _tableBytes / 8;
        if (!IsThere(_l1Offset, _tableBytes, cluster / entries * 8, 8))
        {
            return null;
        }

        ulong table = Number(_l1Offset + (cluster / entries * 8), 8);
        ulong entry = 0;
        if (table != 0)
        {
            if (!IsPlace(table) || !IsThere((long)table, _tableBytes, cluster % entries * 8, 8))
            {
                return null;
            }

            entry = Number((long)table + (cluster % entries * 8), 8);
        }

        switch (entry)
        {
            case 0 when _backing is null:
                return (QedExtentState.Unallocated, 0, 0);
            case 0:
                return _backing.At(offset) is not { } below ? null
                    : below.State == QedExtentState.Unallocated ? below
                    : below with { Depth = below.Depth + 1 };
            case 1:
                return (QedExtentState.Zero, 0, 0);
            default:
                return IsPlace(entry) && IsThere((long)entry, _clusterSize, offset % _clusterSize, 1)
                    ? (QedExtentState.Data, (long)entry + (offset % _clusterSize), 0)
                    : null;
        }
    }

    private bool IsPlace(ulong offset) =>
        offset % (ulong)_clusterSize == 0 && offset >= (ulong)_headerBytes && offset < (ulong)_file.Length;

    private bool IsThere(long start, long size, long offset, int length) => start + offset + length <= EndOf(start, size);

    // A cluster or table counts as complete if less than a sector of it is missing.
    private long EndOf(long start, long size) => start + size - _file.Length < 512 ? start + size : _file.Length;

    private ulong Number(long offset, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        _file.Read(offset, bytes[..size]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
