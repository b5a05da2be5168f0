using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>A disk's geometry as old controllers show it (VHD 1.0, "Appendix: CHS Calculation").</summary>
/// <param name="Cylinders">0 to 65,535.</param>
/// <param name="Heads">4 to 16.</param>
/// <param name="SectorsPerTrack">17 to 255.</param>
internal readonly record struct VhdGeometry(int Cylinders, int Heads, int SectorsPerTrack)
{
    private const long MaxSectors = 65535L * 16 * 255;

    /// <summary>The geometry that is closest to a disk's size, not above it.</summary>
    /// <param name="size">The disk's size, in bytes.</param>
    public static VhdGeometry Of(long size)
    {
        long sectors = Math.Min(size / Sector.Size, MaxSectors);
        if (sectors >= 65535L * 16 * 63)
        {
            return new VhdGeometry((int)(sectors / 255 / 16), 16, 255);
        }

        long tracks = sectors / 17;
        long heads = Math.Max(4, (tracks + 1023) / 1024);
        int sectorsPerTrack = 17;
        if (tracks >= heads * 1024 || heads > 16)
        {
            sectorsPerTrack = 31;
            heads = 16;
            tracks = sectors / sectorsPerTrack;
        }

        if (tracks >= heads * 1024)
        {
            sectorsPerTrack = 63;
            heads = 16;
            tracks = sectors / sectorsPerTrack;
        }

        return new VhdGeometry((int)(tracks / heads), (int)heads, sectorsPerTrack);
    }
}
