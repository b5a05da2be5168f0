using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>The disk that a VHDX file makes with the disk of its parent.</summary>
/// <param name="layer">The file.</param>
/// <param name="backing">Its parent's disk; null if there is none or it is not wanted.</param>
internal sealed class VhdxDisk(VhdxLayer layer, IDisk? backing) : IDisk
{
    public long Length => layer.VirtualSize;

    public bool CanWrite => layer.IsNew;

    public DiskExtent ExtentAt(long offset, long length)
    {
        BlockRun run = layer.Map.RunAt(offset, length);
        switch (run.State)
        {
            case QedExtentState.Data:
                // A block that was written in part has a hole in the host's file where nothing was.
                return layer.IsNew
                    ? StoredExtent.At(layer.File, offset, run.FileOffset, run.Length)
                    : StoredExtent.Required(layer.File, offset, run.FileOffset, run.Length);
            case QedExtentState.Unallocated:
                return DiskBelow.ExtentAt(backing, offset, run.Length);
            default:
                return new DiskExtent(offset, run.Length, run.State, FileOffset: 0, Depth: 0);
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            BlockRun run = layer.Map.RunAt(offset, buffer.Length);
            Span<byte> part = buffer.Slice(0, (int)run.Length);
            switch (run.State)
            {
                case QedExtentState.Data when layer.IsNew:
                    // A block just placed may lie behind the end of the file, where it holds zeroes.
                    layer.File.ReadOrZero(run.FileOffset, part);
                    break;
                case QedExtentState.Data:
                    layer.File.ReadExactly(run.FileOffset, part);
                    break;
                case QedExtentState.Unallocated:
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
        RequireNew();
        while (data.Length > 0)
        {
            BlockRun run = layer.Map.RunAt(offset, data.Length);
            if (run.State != QedExtentState.Data)
            {
                layer.Map.Allocate(layer.Geometry.BlockAt(offset));
                continue;
            }

            layer.File.Write(run.FileOffset, data.Slice(0, (int)run.Length));
            offset += run.Length;
            data = data.Slice((int)run.Length);
        }
    }

    public void Zero(long offset, long length)
    {
        RequireNew();
        while (length > 0)
        {
            BlockRun run = layer.Map.RunAt(offset, length);
            if (run.State == QedExtentState.Data)
            {
                ZeroFill.Write(layer.File, run.FileOffset, run.Length);
            }

            offset += run.Length;
            length -= run.Length;
        }
    }

    public void Flush()
    {
        RequireNew();
        layer.EndWriting();
        layer.File.Flush();
    }

    public void SetLength(long length) =>
        throw QedUnsupportedFormatException.ForWriting(layer.Storage.Path, layer.FormatName);

    private void RequireNew()
    {
        if (!layer.IsNew)
        {
            throw new InvalidOperationException("The disk is open for reading only.");
        }
    }
}
