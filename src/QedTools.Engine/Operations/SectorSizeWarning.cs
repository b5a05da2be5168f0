using System.Globalization;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>The warning for a disk whose bytes are presented in sectors of another size.</summary>
/// <remarks>Partition tables count in sectors, and that of GPT begins in the second one (UEFI specification, 5.3).</remarks>
internal static class SectorSizeWarning
{
    /// <summary>A warning about a disk that is converted or gets an overlay; null if the sizes are the same.</summary>
    /// <param name="path">The disk's file.</param>
    /// <param name="sectorSize">The size of its sectors, in bytes.</param>
    /// <param name="newPath">The new file.</param>
    /// <param name="newSectorSize">The size of the sectors that the new disk presents, in bytes.</param>
    public static string? For(string path, int sectorSize, string newPath, int newSectorSize) => sectorSize == newSectorSize ? null : string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' is a disk of {1}-byte sectors, but '{2}' presents its bytes in sectors of {3}. Partition tables count in sectors, so a machine will not find the partitions until the table is rewritten, and file systems made for the other sector size may not mount. {4}",
        path,
        sectorSize,
        newPath,
        newSectorSize,
        sectorSize == Sector.Size ? "Keep sectors of 512 bytes unless the disk is to be repartitioned." : "Only a VHDX file with sectors of 4096 bytes keeps them.");
}
