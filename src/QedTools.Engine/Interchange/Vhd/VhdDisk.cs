using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vhd;

/// <summary>The disk that a dynamic or differencing VHD file makes with the disk of its parent.</summary>
internal sealed class VhdDisk : IDisk
{
    private readonly VhdBlockMap _map;
    private readonly IDisk? _parent;

    /// <param name="map">Where the blocks are.</param>
    /// <param name="parent">The parent's disk; null if there is none or it is not wanted.</param>
    public VhdDisk(VhdBlockMap map, IDisk? parent)
    {
        _map = map;
        _parent = parent;
    }

    public long Length => _map.VirtualSize;

    public bool CanWrite => _map.IsNew;

    private IStorage Storage => _map.Storage;

    public DiskExtent ExtentAt(long offset, long length)
    {
        VhdRun run = _map.RunAt(offset, length);
        return !run.IsData ? DiskBelow.ExtentAt(_parent, offset, run.Length)
            : _map.IsNew ? StoredExtent.At(Storage, offset, run.FileOffset, run.Length)
            : StoredExtent.Required(Storage, offset, run.FileOffset, run.Length);
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            VhdRun run = _map.RunAt(offset, buffer.Length);
            Span<byte> part = buffer.Slice(0, (int)run.Length);
            if (!run.IsData)
            {
                DiskBelow.Read(_parent, offset, part);
            }
            else if (_map.IsNew)
            {
                Storage.ReadOrZero(run.FileOffset, part);
            }
            else
            {
                Storage.ReadExactly(run.FileOffset, part);
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            VhdRun run = _map.AllocateAt(offset, data.Length);
            Storage.Write(run.FileOffset, data.Slice(0, (int)run.Length));
            offset += run.Length;
            data = data.Slice((int)run.Length);
        }
    }

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            VhdRun run = _map.RunAt(offset, length);
            if (run.IsData)
            {
                ZeroFill.Write(Storage, run.FileOffset, run.Length);
            }

            offset += run.Length;
            length -= run.Length;
        }
    }

    public void Flush() => Storage.Flush();

    public void SetLength(long length) => throw new InvalidOperationException("A file that is being made keeps its size.");
}
