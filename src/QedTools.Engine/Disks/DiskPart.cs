using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A part of a disk, as a disk of its own. It can be written to if the disk can, and keeps its size.</summary>
/// <param name="disk">The disk.</param>
/// <param name="start">Where the part begins, in bytes.</param>
/// <param name="length">How long it is, in bytes; it must end within the disk.</param>
internal sealed class DiskPart(IDisk disk, long start, long length) : ILocatedDisk
{
    public long Length => length;

    public bool CanWrite => disk.CanWrite;

    /// <summary>A part of a disk that may be shorter or missing; null if nothing of the part exists.</summary>
    /// <param name="disk">The disk; may be null.</param>
    /// <param name="start">Where the part begins, in bytes.</param>
    /// <param name="length">How long it is, in bytes, unless the disk ends earlier.</param>
    public static IDisk? Of(IDisk? disk, long start, long length) =>
        disk is null || disk.Length <= start ? null : new DiskPart(disk, start, Math.Min(length, disk.Length - start));

    public DiskExtent ExtentAt(long offset, long length) => disk.ExtentAt(start + offset, length) with { Start = offset };

    public IStorage? FileOf(in DiskExtent extent) => (disk as ILocatedDisk)?.FileOf(extent with { Start = start + extent.Start });

    public IStorage? FileWithHolesOf(in DiskExtent extent) => (disk as ILocatedDisk)?.FileWithHolesOf(extent with { Start = start + extent.Start });

    public void Read(long offset, Span<byte> buffer) => disk.Read(start + offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        RequireWithin(offset, data.Length);
        disk.Write(start + offset, data);
    }

    public void Zero(long offset, long length)
    {
        RequireWithin(offset, length);
        disk.Zero(start + offset, length);
    }

    public void Flush()
    {
        if (disk.CanWrite)
        {
            disk.Flush();
        }
    }

    public void SetLength(long length) => throw new NotSupportedException("A part of a disk keeps its size.");

    // What lies around it belongs to somebody else.
    private void RequireWithin(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset > Length || count > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), "The range is not within the part of the disk.");
        }
    }
}
