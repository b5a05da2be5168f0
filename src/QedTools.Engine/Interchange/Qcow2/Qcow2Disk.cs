using System;
using System.Buffers;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>The disk that a qcow2 file makes with the disk of its backing file.</summary>
/// <param name="layer">The file.</param>
/// <param name="backing">The backing file's disk; null if there is none or it is not wanted.</param>
internal sealed class Qcow2Disk(Qcow2Layer layer, IDisk? backing) : IDisk
{
    private const int CopyBytes = 64 << 10;

    public long Length => layer.VirtualSize;

    public bool CanWrite => layer.IsWritable;

    private Qcow2Geometry Geometry => layer.Geometry;

    public DiskExtent ExtentAt(long offset, long length)
    {
        Qcow2Run run = layer.Map.RunAt(offset, length);
        switch (run.Kind)
        {
            case ClusterKind.Data:
                return layer.IsNew
                    ? StoredExtent.At(layer.Storage, offset, run.FileOffset, run.Length)
                    : StoredExtent.Required(layer.DataStorage, offset, run.FileOffset, run.Length) with { File = layer.Files.Count };
            case ClusterKind.Compressed:
                return new DiskExtent(offset, run.Length, QedExtentState.Data, DiskExtent.NotAsIs, Depth: 0);
            case ClusterKind.Unallocated:
                return DiskBelow.ExtentAt(backing, offset, run.Length);
            default:
                return new DiskExtent(offset, run.Length, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            Qcow2Run run = layer.Map.RunAt(offset, buffer.Length);
            Span<byte> part = buffer.Slice(0, (int)run.Length);
            switch (run.Kind)
            {
                case ClusterKind.Data when layer.IsNew:
                    layer.Storage.ReadOrZero(run.FileOffset, part);
                    break;
                case ClusterKind.Data:
                    layer.DataStorage.ReadExactly(run.FileOffset, part);
                    break;
                case ClusterKind.Compressed:
                    ReadCompressed(offset, part);
                    break;
                case ClusterKind.Unallocated:
                    DiskBelow.Read(backing, offset, part);
                    break;
                default:
                    part.Clear();
                    break;
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        RequireWritable();
        while (data.Length > 0)
        {
            Qcow2Run run = layer.Map.RunAt(offset, data.Length);
            ReadOnlySpan<byte> part = data.Slice(0, (int)run.Length);
            if (run.Kind == ClusterKind.Data)
            {
                layer.Storage.Write(run.FileOffset, part);
            }
            else
            {
                WriteToNewClusters(offset, part, run.Kind == ClusterKind.Unallocated);
            }

            offset += part.Length;
            data = data.Slice(part.Length);
        }
    }

    public void Zero(long offset, long length)
    {
        RequireWritable();
        while (length > 0)
        {
            Qcow2Run run = layer.Map.RunAt(offset, length);
            long done = run.Length;
            if (run.Kind == ClusterKind.Data)
            {
                ZeroFill.Write(layer.Storage, run.FileOffset, done);
            }
            else if (run.Kind == ClusterKind.Unallocated && IsBacked(offset))
            {
                done = HideBacking(offset, done);
            }

            offset += done;
            length -= done;
        }
    }

    public void Flush()
    {
        RequireWritable();
        layer.Storage.Flush();
    }

    public void SetLength(long length) => throw QedUnsupportedFormatException.ForWriting(layer.Storage.Path, layer.FormatName);

    private void RequireWritable()
    {
        if (!layer.IsWritable)
        {
            throw new InvalidOperationException("The disk is open for reading only.");
        }
    }

    private bool IsBacked(long offset) => backing is not null && offset < backing.Length;

    private void ReadCompressed(long offset, Span<byte> buffer)
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

    // Makes whole clusters zero, or a part of one. Returns how far it came.
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
        WriteToNewClusters(offset, zeroes.Slice(0, count), showsBacking: true);
        return count;
    }

    // New clusters get the data and, around it, what the disk showed there; zeroes come by themselves at the end of a file.
    private void WriteToNewClusters(long offset, ReadOnlySpan<byte> data, bool showsBacking)
    {
        long first = Geometry.IndexOf(offset);
        int head = Geometry.OffsetIn(offset);
        long clusters = Geometry.ClustersCovering(head + (long)data.Length);
        long place = layer.Map.Allocate(first, clusters);
        if (showsBacking && IsBacked(Geometry.StartOf(first)))
        {
            long end = offset + data.Length;
            CopyBacking(Geometry.StartOf(first), place, head);
            CopyBacking(end, place + head + data.Length, Math.Min(Length, Geometry.StartOf(first + clusters)) - end);
        }

        layer.Storage.Write(place + head, data);
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
                DiskBelow.Read(backing, offset, piece);
                if (!ZeroScan.IsZero(piece))
                {
                    layer.Storage.Write(place, piece);
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
