using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>The disk that a dynamic or differencing VHD file forms together with the disk of its parent.</summary>
/// <param name="map">Where the blocks are.</param>
/// <param name="parent">The parent's disk; null if there is none or it is left out.</param>
internal sealed class VhdDisk(VhdBlockMap map, IDisk? parent) : InterchangeDisk(map.Storage, VhdFormat.FormatName, map.IsNew, parent)
{
    public override long Length => map.VirtualSize;

    protected override DiskRun RunAt(long offset, long length) => map.RunAt(offset, length);

    protected override DiskRun Allocate(long offset, long length) => map.AllocateAt(offset, length);
}
