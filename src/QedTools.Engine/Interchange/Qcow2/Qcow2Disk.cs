using System;
using System.Buffers;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>The disk that a qcow2 file forms together with the disk of its backing file.</summary>
/// <param name="layer">The file.</param>
/// <param name="backing">The backing file's disk; null if there is none or it is left out.</param>
internal sealed class Qcow2Disk(Qcow2Layer layer, IDisk? backing)
    : InterchangeDisk(layer.DataStorage, Qcow2Format.FormatName, layer.IsNew, backing), IPlacingDisk
{
    private const int CopyBytes = 64 << 10;

    public override long Length => layer.VirtualSize;

    public override bool CanWrite => layer.IsWritable;

    public int PlacedUnit => Geometry.ClusterSize;

    private Qcow2Geometry Geometry => layer.Geometry;

    public override void Write(long offset, DiskContent content)
    {
        RequireWritable();
        while (content.Length > 0)
        {
            DiskRun run = GetRun(offset, content.Length);
            DiskContent part = content.Slice(0, run.Length);
            RequireNotPacked(run);
            if (run.State == QedExtentState.Data)
            {
                part.StoreIn(File, run.FileOffset);
            }
            else
            {
                WriteToNewClusters(offset, part, run.State == QedExtentState.Unallocated);
            }

            offset += part.Length;
            content = content.Slice(part.Length);
        }
    }

    public void Write(ScatteredExtents extents, SharedBytes shared, CancellationToken cancellation)
    {
        RequireWritable();
        long target = layer.Map.Append(Geometry.ClustersCovering(extents.Length));
        extents.StoreIn(File, target, shared, cancellation);
        foreach ((long start, long length, long place) in extents.InDiskOrder())
        {
            layer.Map.SetPlace(Geometry.IndexOf(start), Geometry.ClustersCovering(length), target + place);
        }
    }

    public override void Zero(long offset, long length)
    {
        RequireWritable();
        while (length > 0)
        {
            DiskRun run = GetRun(offset, length);
            long done = run.Length;
            RequireNotPacked(run);
            if (run.State == QedExtentState.Data)
            {
                ZeroFill.Write(File, run.FileOffset, done);
            }
            else if (run.State == QedExtentState.Unallocated && IsBacked(offset))
            {
                // Past the end of the backing file the disk reads as zeroes without entries.
                long below = Below!.Length;
                done = HideBacking(offset, below < offset + done ? Math.Min(done, Geometry.StartOf(Geometry.ClustersCovering(below)) - offset) : done);
            }

            offset += done;
            length -= done;
        }
    }

    protected override DiskRun GetRun(long offset, long length) => layer.Map.GetRun(offset, length);

    protected override DiskExtent ExtentOf(long offset, in DiskRun run) => base.ExtentOf(offset, run) with { File = layer.Files.Count };

    protected override void ReadPacked(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            long cluster = Geometry.IndexOf(offset);
            int within = Geometry.OffsetIn(offset);
            Span<byte> part = buffer.Slice(0, Math.Min(buffer.Length, Geometry.ClusterSize - within));
            layer.Compressed.Read(cluster, layer.Map.CompressedAt(cluster), within, part);
            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    private static void RequireNotPacked(in DiskRun run)
    {
        if (run.IsPacked)
        {
            throw new InvalidOperationException("A compressed cluster is written once.");
        }
    }

    // Makes whole clusters zero, or a part of one. Returns how many bytes it covered.
    private long HideBacking(long offset, long length)
    {
        long end = offset + length;
        long first = Geometry.IndexOf(offset);
        long clusters = (end == Length ? Geometry.ClustersCovering(end) : Geometry.IndexOf(end)) - first;
        if (Geometry.OffsetIn(offset) == 0 && clusters > 0)
        {
            layer.Map.SetZero(first, clusters);
            return Math.Min(length, Geometry.StartOf(clusters));
        }

        ReadOnlySpan<byte> zeroes = ZeroFill.Zeroes.Span;
        int count = (int)Math.Min(Math.Min(length, zeroes.Length), Geometry.ClusterSize - Geometry.OffsetIn(offset));
        WriteToNewClusters(offset, new DiskContent(zeroes.Slice(0, count)), showsBacking: true);
        return count;
    }

    // New clusters get the data and, around it, what the disk showed there; the end of a file reads as zeroes anyway.
    private void WriteToNewClusters(long offset, DiskContent content, bool showsBacking)
    {
        long first = Geometry.IndexOf(offset);
        int head = Geometry.OffsetIn(offset);
        long clusters = Geometry.ClustersCovering(head + content.Length);
        long place = layer.Map.Allocate(first, clusters);
        if (showsBacking && IsBacked(Geometry.StartOf(first)))
        {
            long end = offset + content.Length;
            CopyBacking(Geometry.StartOf(first), place, head);
            CopyBacking(end, place + head + content.Length, Math.Min(Length, Geometry.StartOf(first + clusters)) - end);
        }

        content.StoreIn(File, place + head);
    }

    private void CopyBacking(long offset, long place, long length)
    {
        if (length == 0)
        {
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)Math.Min(CopyBytes, length));
        try
        {
            while (length > 0)
            {
                Span<byte> piece = rented.AsSpan(0, (int)Math.Min(rented.Length, length));
                DiskBelow.Read(Below, offset, piece);
                if (!ZeroScan.IsZero(piece))
                {
                    File.Write(place, piece);
                }

                offset += piece.Length;
                place += piece.Length;
                length -= piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
