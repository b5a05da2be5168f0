using System;

namespace QedTools.Interchange.Vhd;

/// <summary>Points in time as VHD files record them: seconds since 2000-01-01 UTC in 32 bits (VHD 1.0, "Hard Disk Footer Format", Time Stamp).</summary>
internal static class VhdTime
{
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The seconds up to a point in time; the nearest value that a file can record if it is out of range.</summary>
    /// <param name="utc">The point in time, in UTC.</param>
    public static uint SecondsOf(DateTime utc) => (uint)Math.Min(uint.MaxValue, Math.Max(0, (utc - Epoch).TotalSeconds));
}
