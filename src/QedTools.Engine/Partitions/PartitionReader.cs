using System;
using QedTools.Disks;

namespace QedTools.Partitions;

/// <summary>Reads the few bytes of a disk or a partition that tables and superblocks are in. What is not there cannot be read.</summary>
/// <param name="disk">The disk.</param>
/// <param name="start">Where the range begins, in bytes, within the disk.</param>
/// <param name="length">How long it is, in bytes; where it extends beyond the end of the disk, there is nothing.</param>
internal sealed class PartitionReader(IDisk disk, long start, long length)
{
    /// <summary>The most bytes that are read at once.</summary>
    public const int MaxRead = 64 << 10;

    // Up to the superblock of btrfs and to the volume descriptors of ISO 9660.
    private const int HeadBytes = (64 << 10) + 4096;

    private byte[]? _head;

    /// <summary>The length of what there is, in bytes.</summary>
    public long Length { get; } = Math.Max(0, Math.Min(length, disk.Length - start));

    /// <summary>Gets bytes, if all of them are there. What is near the beginning is read once.</summary>
    /// <param name="offset">Where they begin, in bytes, as a superblock says it: it may be any number.</param>
    /// <param name="count">How many, at most <see cref="MaxRead"/>.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="QedException">They could not be read.</exception>
    public bool TryGet(ulong offset, int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (count is <= 0 or > MaxRead || offset > (ulong)Length || (ulong)count > (ulong)Length - offset)
        {
            return false;
        }

        if (offset + (ulong)count <= HeadBytes)
        {
            bytes = Head().AsSpan((int)offset, count);
            return true;
        }

        byte[] buffer = new byte[count];
        disk.Read(start + (long)offset, buffer);
        bytes = buffer;
        return true;
    }

    /// <summary>Reads a part of the range.</summary>
    /// <param name="offset">Where the part begins, in bytes, within the range.</param>
    /// <param name="count">How long it is, in bytes; it may extend beyond the range.</param>
    public PartitionReader Part(long offset, long count) => new(disk, start + offset, Math.Min(count, Length - offset));

    private byte[] Head()
    {
        if (_head is null)
        {
            byte[] head = new byte[(int)Math.Min(Length, HeadBytes)];
            disk.Read(start, head);
            _head = head;
        }

        return _head;
    }
}
