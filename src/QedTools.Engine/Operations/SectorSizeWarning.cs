using System.Globalization;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>What to warn of where the bytes of a disk are shown in sectors of another size.</summary>
/// <remarks>Partition tables count in sectors, and that of GPT begins in the second one (UEFI specification, 5.3).</remarks>
internal static class SectorSizeWarning
{
    /// <summary>A warning about a disk that becomes another one or gets an overlay; null if the sizes are the same.</summary>
    /// <param name="path">The disk's file.</param>
    /// <param name="sectorSize">The size of its sectors, in bytes.</param>
    /// <param name="newPath">The new file.</param>
    /// <param name="newSectorSize">The size of the sectors that the new disk shows, in bytes.</param>
    public static string? For(string path, int sectorSize, string newPath, int newSectorSize) => sectorSize == newSectorSize ? null : string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' is a disk of {1}-byte sectors, and '{2}' shows its bytes in sectors of {3}. Partition tables count in sectors, so a machine will not find the partitions until the table is written anew, and file systems made for the other sector size may not mount. {4}",
        path,
        sectorSize,
        newPath,
        newSectorSize,
        sectorSize == Sector.Size ? "Keep sectors of 512 bytes unless the disk is to be partitioned anew." : "Only a VHDX file with sectors of 4096 bytes keeps them.");
}
