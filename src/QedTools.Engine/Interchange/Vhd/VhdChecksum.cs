using System;

namespace QedTools.Interchange.Vhd;

/// <summary>The checksum of a footer or a dynamic disk header (VHD 1.0, "Hard Disk Footer Format", Checksum).</summary>
internal static class VhdChecksum
{
    /// <summary>The ones' complement of the sum of all bytes but those of the checksum itself.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="checksumAt">Where in it the checksum's four bytes are.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, int checksumAt)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i < checksumAt || i >= checksumAt + sizeof(uint) ? bytes[i] : 0u;
        }

        return ~sum;
    }
}
