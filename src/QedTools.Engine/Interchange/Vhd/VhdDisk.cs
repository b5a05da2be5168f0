using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>The disk that a dynamic or differencing VHD file forms together with the disk of its parent.</summary>
/// <param name="map">Where the blocks are.</param>
/// <param name="parent">The parent's disk; null if there is none or it is left out.</param>
internal sealed class VhdDisk(VhdBlockMap map, IDisk? parent)
    : DifferencingDisk(map.Storage, VhdFormat.FormatName, map.IsNew, map.HasParent, parent)
{
    public override long Length => map.VirtualSize;

    protected override int SectorSize => Sector.Size;

    protected override DiskRun GetRun(long offset, long length) => map.GetRun(offset, length);

    protected override DiskRun Allocate(long offset, long length) => map.AllocateAt(offset, length);

    // There is no entry for zeroes; a block's place holds them before anything is written to it.
    protected override long StoreZeroes(long offset, long length) => map.AllocateAt(offset, length).Length;
}
