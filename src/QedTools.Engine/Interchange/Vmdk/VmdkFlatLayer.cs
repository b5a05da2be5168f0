using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A descriptor alone in a file, over the raw file that it describes (monolithicFlat and vmfs).</summary>
internal sealed class VmdkFlatLayer : InterchangeLayer
{
    private readonly VmdkExtentLine _extent;

    private VmdkFlatLayer(IStorage storage, VmdkDescriptor descriptor, VmdkExtentLine extent)
        : base(storage)
    {
        _extent = extent;
        ContentId = VmdkDescriptor.ToIdentity(descriptor.ContentId);
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize => _extent.Sectors * VmdkGrains.SectorSize;

    public override BackingReference? Backing => new BackingReference(_extent.FileName, IsRaw: true);

    public override int? AllocationUnit => null;

    public override Guid? ContentId { get; }

    /// <summary>Reads and validates a descriptor.</summary>
    /// <exception cref="QedDamagedFileException">It describes no disk.</exception>
    /// <exception cref="QedUnsupportedFormatException">It describes a kind of disk that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkFlatLayer Open(IStorage storage)
    {
        byte[] bytes = new byte[(int)Math.Min(VmdkDescriptor.MostBytes, storage.Length)];
        storage.Read(0, bytes);
        VmdkDescriptor descriptor = VmdkDescriptor.Parse(bytes);
        if (descriptor.ParentContentId is not null || descriptor.Extents is not [{ Type: "FLAT" or "VMFS", Offset: 0 } extent])
        {
            throw QedUnsupportedFormatException.ForFeature(
                storage.Path, VmdkFormat.FormatName, $"its data in other files in a way (createType \"{descriptor.CreateType}\", {descriptor.Extents.Count} extents)");
        }

        const long MostSectors = long.MaxValue / VmdkGrains.SectorSize;
        return extent.Sectors is > 0 and <= MostSectors && extent.FileName.Length > 0
            ? new VmdkFlatLayer(storage, descriptor, extent)
            : throw new QedDamagedFileException(
                storage.Path, VmdkFormat.FormatName, "the extent description", $"{extent.Sectors} sectors of '{extent.FileName}'", "at least one sector of a file that has a name");
    }

    public override IDisk ToDisk(IDisk? backing) => new VmdkFlatDisk(VirtualSize, backing);

    public override void EndWriting()
    {
    }
}
