using System;
using System.Buffers;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>The disk of a format whose files can hold single sectors, and leave the others to a parent.</summary>
/// <param name="file">Where the data is.</param>
/// <param name="formatName">The format's name.</param>
/// <param name="isNew">Whether the file is being created.</param>
/// <param name="hasParent">Whether the file is a differencing file.</param>
/// <param name="parent">The parent's disk; null if there is none or it is left out.</param>
internal abstract class DifferencingDisk(IStorage file, string formatName, bool isNew, bool hasParent, IDisk? parent)
    : InterchangeDisk(file, formatName, isNew, parent)
{
    /// <summary>The size of a sector, in bytes; a file holds a sector whole or not at all.</summary>
    protected abstract int SectorSize { get; }

    public override void Write(long offset, DiskContent content)
    {
        RequireWritable();
        StoreSectorAround(offset);
        StoreSectorAround(offset + content.Length);
        base.Write(offset, content);
    }

    public override void Zero(long offset, long length)
    {
        RequireWritable();
        if (!hasParent)
        {
            base.Zero(offset, length);
            return;
        }

        StoreSectorAround(offset);
        StoreSectorAround(offset + length);
        while (length > 0)
        {
            DiskRun run = GetRun(offset, length);
            long done = run.Length;
            if (run.State == QedExtentState.Data)
            {
                ZeroFill.Write(File, run.FileOffset, done);
            }
            else if (run.State == QedExtentState.Unallocated)
            {
                // What the parent shows as zeroes need not be stored.
                DiskExtent shown = DiskBelow.ExtentAt(Below, offset, done);
                done = shown.State == QedExtentState.Data ? Math.Min(shown.Length, StoreZeroes(offset, shown.Length)) : shown.Length;
            }

            offset += done;
            length -= done;
        }
    }

    /// <summary>Makes a new file hold zeroes where it held nothing and the parent shows data.</summary>
    /// <param name="offset">Where to begin, in bytes.</param>
    /// <param name="length">For how many bytes at most.</param>
    /// <returns>For how many it was done; at least 1.</returns>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    protected abstract long StoreZeroes(long offset, long length);

    // Before a sector is written in part, the rest of it must be copied from the parent.
    private void StoreSectorAround(long offset)
    {
        int within = (int)(offset % SectorSize);
        if (!hasParent || within == 0 || GetRun(offset, 1).State != QedExtentState.Unallocated)
        {
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(SectorSize);
        try
        {
            Span<byte> sector = rented.AsSpan(0, SectorSize);
            DiskBelow.Read(Below, offset - within, sector);
            base.Write(offset - within, new DiskContent(sector));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
