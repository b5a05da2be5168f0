using System;
using System.Buffers;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>The disk that an image forms together with the disk of its backing file.</summary>
/// <param name="image">The image.</param>
/// <param name="backing">Its backing file's disk; null if there is none, or if it is left out because only extents are looked at.</param>
internal sealed class QedDisk(QedImage image, IDisk? backing) : RunDisk(backing), IPlacingDisk
{
    private const int CopyBufferBytes = 1 << 20;

    private readonly object _writing = new();

    public override long Length => image.VirtualSize;

    public override bool CanWrite => image.Writer is not null && (Below is not null || image.Backing is null);

    public int PlacedUnit => Geometry.ClusterSize;

    private QedGeometry Geometry => image.Header.Geometry;

    // Without its backing file the disk would copy zeroes instead of that file's contents.
    private MetadataWriter Writer => CanWrite ? image.Writer! : throw new InvalidOperationException("The disk is open for reading only.");

    protected override IStorage DataFile => image.Storage;

    // The map shows what the tables say, as QEMU's does.
    protected override bool ReportsHoles => false;

    public override void Write(long offset, DiskContent content)
    {
        lock (_writing)
        {
            Writer.BeforeDataChange();
            while (content.Length > 0)
            {
                DiskRun run = GetRun(offset, content.Length);
                DiskContent part = content.Slice(0, run.Length);
                if (run.State == QedExtentState.Data)
                {
                    part.StoreIn(image.Storage, run.FileOffset);
                    image.Trace?.Overwritten(offset, run.FileOffset, part.Length);
                }
                else
                {
                    WriteToNewClusters(offset, part, run.State == QedExtentState.Unallocated);
                }

                offset += part.Length;
                content = content.Slice(part.Length);
            }
        }
    }

    public void Write(ScatteredExtents extents, SharedBytes shared, CancellationToken cancellation)
    {
        lock (_writing)
        {
            Writer.BeforeDataChange();
            long target = Writer.Allocate(Geometry.ClustersCovering(extents.Length));
            if (Below is not null)
            {
                Writer.RequireDataFirst();
            }

            try
            {
                extents.StoreIn(image.Storage, target, shared, cancellation);
            }
            catch
            {
                Writer.Free(target);
                throw;
            }

            foreach ((long start, long length, long place) in extents.InDiskOrder())
            {
                Writer.Map(start, Geometry.ClustersCovering(length), new ClusterEntry((ulong)(target + place)), (uint)Geometry.ClusterSize);
            }
        }
    }

    public override void Zero(long offset, long length)
    {
        lock (_writing)
        {
            ZeroLocked(offset, length);
        }
    }

    public override void Flush()
    {
        lock (_writing)
        {
            image.Writer?.Commit();
        }
    }

    public override void SetLength(long length)
    {
        lock (_writing)
        {
            if (length < 0 || length % Sector.Size != 0 || length > Geometry.MaxVirtualSize)
            {
                throw new QedLimitException(
                    image.Storage.Path, "SizeBytes", length, $"a multiple of 512 up to {ByteSize.FormatExact(Geometry.MaxVirtualSize)}, the most that its tables can map");
            }

            if (length > Length)
            {
                Grow(length);
            }
            else if (length < Length)
            {
                Shrink(length);
            }
        }
    }

    protected override DiskRun GetRun(long offset, long length) => image.Map.GetRun(offset, length);

    protected override void ReadData(long offset, in DiskRun run, Span<byte> buffer) => image.File.Read(run.FileOffset, buffer);

    // Writes to clusters that are unallocated or zero: new clusters get the data and, around it, what the disk showed there.
    private void WriteToNewClusters(long offset, DiskContent content, bool showsBacking)
    {
        long start = Geometry.ClusterStart(offset);
        long head = offset - start;
        long end = offset + content.Length;
        long clusters = Geometry.ClustersCovering(end - start);
        Writer.PrepareTables(offset, content.Length);
        long target = Writer.Allocate(clusters);

        // Data must come first even where a zero entry is replaced: a repair can only bring back the backing file, not the zeroes.
        if (Below is not null)
        {
            Writer.RequireDataFirst();
        }

        try
        {
            if (showsBacking && (IsBacked(start) || IsBacked(end)))
            {
                WriteBetweenBacking(start, target, (int)head, content, clusters);
            }
            else
            {
                content.StoreIn(image.Storage, target + head);
            }
        }
        catch
        {
            Writer.Free(target);
            throw;
        }

        Writer.Map(start, clusters, new ClusterEntry((ulong)target), (uint)Geometry.ClusterSize);
    }

    // What is past the end of the disk stays zero, so that growing the disk exposes no old data.
    private void WriteBetweenBacking(long start, long target, int head, DiskContent content, long clusters)
    {
        long dataEnd = start + head + content.Length;
        long tail = Math.Min(Geometry.BytesOf(clusters), Length - start) - head - content.Length;
        long whole = head + content.Length + tail;
        if (whole > CopyBufferBytes || !content.IsInMemory)
        {
            CopyBacking(start, target, head);
            content.StoreIn(image.Storage, target + head);
            CopyBacking(dataEnd, target + head + content.Length, tail);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)whole);
        try
        {
            Span<byte> piece = rented.AsSpan(0, (int)whole);
            DiskBelow.Read(Below, start, piece.Slice(0, head));
            content.Read(piece.Slice(head, (int)content.Length));
            DiskBelow.Read(Below, dataEnd, piece.Slice(head + (int)content.Length));
            image.Storage.Write(target, piece);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void CopyBacking(long offset, long target, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, CopyBufferBytes));
        try
        {
            while (length > 0)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length, buffer.Length));
                DiskBelow.Read(Below, offset, piece);
                image.Storage.Write(target, piece);
                offset += piece.Length;
                target += piece.Length;
                length -= piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ZeroLocked(long offset, long length)
    {
        Writer.BeforeDataChange();
        long end = offset + length;
        while (offset < end)
        {
            DiskRun run = GetRun(offset, end - offset);
            long runEnd = offset + run.Length;
            bool isUnallocated = run.State == QedExtentState.Unallocated;
            if (run.State == QedExtentState.Zero || (isUnallocated && !IsBacked(offset)))
            {
                offset = runEnd;
                continue;
            }

            if (isUnallocated)
            {
                // Past the end of the backing file the disk reads as zeroes without a zero entry.
                runEnd = Math.Min(runEnd, Geometry.ClusterEnd(Below!.Length));
            }

            // The last cluster of the disk counts as whole if it is zeroed up to the disk's end.
            long wholeStart = Geometry.ClusterEnd(offset);
            long wholeEnd = runEnd == Length ? runEnd : Geometry.ClusterStart(runEnd);
            if (wholeStart < wholeEnd)
            {
                ZeroPart(offset, wholeStart - offset, run);
                ClusterEntry entry = new(Below is null ? 0 : ClusterEntry.ZeroValue);
                Writer.Map(wholeStart, Geometry.ClustersCovering(wholeEnd - wholeStart), entry, step: 0);
                offset = wholeEnd;
            }
            else
            {
                ZeroPart(offset, runEnd - offset, run);
                offset = runEnd;
            }
        }
    }

    // Less than a cluster, or up to a cluster's start.
    private void ZeroPart(long offset, long length, DiskRun run)
    {
        if (run.State == QedExtentState.Data)
        {
            ZeroFill.Write(image.Storage, run.FileOffset, length);
            if (length > 0)
            {
                image.Trace?.Zeroed(offset, run.FileOffset, length);
            }

            return;
        }

        while (length > 0)
        {
            int count = (int)Math.Min(length, ZeroFill.Zeroes.Length);
            Write(offset, ZeroFill.Zeroes.Span.Slice(0, count));
            offset += count;
            length -= count;
        }
    }

    // Whatever the new space would expose (a longer backing file, contents of the last cluster past the old end) becomes
    // zeroes before the new size makes it part of the disk.
    private void Grow(long length)
    {
        long oldLength = Length;
        Writer.BeforeDataChange();
        long clusterEnd = Math.Min(length, Geometry.ClusterEnd(oldLength));
        ClearPastEnd(oldLength, clusterEnd);
        DropDataPastEnd(clusterEnd, length);
        long backed = Below is null ? 0 : Math.Min(length, Below.Length);
        if (clusterEnd < backed)
        {
            CoverBacking(clusterEnd, backed);
        }

        Writer.SetVirtualSize(length);
    }

    // Maps zero clusters where the backing file has data to hide. Where it has none, the disk reads as zeroes without them.
    private void CoverBacking(long from, long to)
    {
        foreach (DiskExtent extent in ExtentWalk.Over(Below!, from, to - from, CancellationToken.None))
        {
            long start = Math.Max(from, Geometry.ClusterStart(extent.Start));
            if (extent.State == QedExtentState.Data && start < extent.End)
            {
                from = Geometry.ClusterEnd(extent.End);
                Writer.Map(start, Geometry.ClustersCovering(from - start), new ClusterEntry(ClusterEntry.ZeroValue), step: 0);
            }
        }
    }

    private void ClearPastEnd(long from, long to)
    {
        if (from >= to)
        {
            return;
        }

        if (ClearStored(from, to) == QedExtentState.Unallocated && IsBacked(from))
        {
            // The cluster is part old disk, part new: it needs its own data.
            long start = Geometry.ClusterStart(from);
            long target = Writer.Allocate(1);
            Writer.RequireDataFirst();
            CopyBacking(start, target, from - start);
            Writer.Map(start, 1, new ClusterEntry((ulong)target), step: 0);
        }
    }

    // Zeroes a part of one cluster if it is stored; returns what it is.
    private QedExtentState ClearStored(long from, long to)
    {
        DiskRun run = GetRun(from, to - from);
        if (run.State == QedExtentState.Data)
        {
            ZeroFill.Write(image.Storage, run.FileOffset, to - from);
            image.Trace?.Zeroed(from, run.FileOffset, to - from);
        }

        return run.State;
    }

    // A damaged image may have entries past the end of the disk.
    private void DropDataPastEnd(long from, long to)
    {
        while (from < to)
        {
            DiskRun run = GetRun(from, to - from);
            if (run.State == QedExtentState.Data)
            {
                Writer.Map(from, Geometry.ClustersCovering(run.Length), default, step: 0);
            }

            from += run.Length;
        }
    }

    private void Shrink(long length)
    {
        Writer.BeforeDataChange();
        long oldLength = Length;
        long firstGone = Geometry.ClustersCovering(length);
        long firstWholeTable = Geometry.TablesFor(firstGone);
        long inLastTable = Math.Min(firstWholeTable * Geometry.EntriesPerTable, Geometry.ClustersCovering(oldLength)) - firstGone;

        // First the size: whatever fails afterwards, no part of the disk has lost its contents.
        Writer.SetNeedCheck();
        Writer.SetVirtualSize(length);
        if (inLastTable > 0)
        {
            Writer.Map(Geometry.BytesOf(firstGone), inLastTable, default, step: 0);
        }

        for (long l1Index = firstWholeTable; l1Index < Geometry.L1EntriesFor(oldLength); l1Index++)
        {
            Writer.RemoveTable(l1Index);
        }

        // A program that grows the disk again without clearing its last cluster, as QEMU does, must find zeroes there.
        if (length < Geometry.ClusterEnd(length))
        {
            ClearStored(length, Geometry.ClusterEnd(length));
        }
    }
}
