using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>A disk whose bytes are in order in a part of a file. Holes are zeroes.</summary>
/// <param name="storage">The file.</param>
/// <param name="formatName">The format's name.</param>
/// <param name="start">Where the disk begins in it, in bytes.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="isNew">Whether the file is being created, and written to; what was not written is then zeroes.</param>
internal sealed class FlatDisk(IStorage storage, string formatName, long start, long length, bool isNew)
    : InterchangeDisk(storage, formatName, isNew, below: null)
{
    public override long Length => length;

    // Where nothing was written, there are zeroes already.
    public override void Zero(long offset, long length)
    {
        RequireWritable();
        long end = Math.Min(start + offset + length, File.Length);
        for (long at = start + offset; at < end;)
        {
            StorageRange range = File.RangeAt(at, end - at);
            if (!range.IsHole)
            {
                ZeroFill.Write(File, at, range.Length);
            }

            at += range.Length;
        }
    }

    protected override DiskRun GetRun(long offset, long length) => new(QedExtentState.Data, start + offset, length);

    protected override DiskRun Allocate(long offset, long length) => GetRun(offset, length);
}
