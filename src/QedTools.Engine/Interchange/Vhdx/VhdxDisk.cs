using QedTools.Disks;

namespace QedTools.Interchange.Vhdx;

/// <summary>The disk that a VHDX file forms together with the disk of its parent.</summary>
/// <param name="layer">The file.</param>
/// <param name="parent">Its parent's disk; null if there is none or it is left out.</param>
internal sealed class VhdxDisk(VhdxLayer layer, IDisk? parent)
    : DifferencingDisk(layer.File, VhdxFormat.FormatName, layer.IsNew, layer.Backing is not null, parent)
{
    public override long Length => layer.VirtualSize;

    protected override int SectorSize => layer.SectorSize;

    public override void Flush()
    {
        RequireWritable();
        layer.EndWriting();
        File.Flush();
    }

    protected override DiskRun GetRun(long offset, long length) => layer.Map.GetRun(offset, length);

    protected override DiskRun Allocate(long offset, long length) => layer.Map.Store(offset, length);

    protected override long StoreZeroes(long offset, long length) => layer.Map.StoreZeroes(offset, length);
}
