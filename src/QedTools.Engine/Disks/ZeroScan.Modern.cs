using System;

namespace QedTools.Disks;

/// <summary>Finds out whether data is worth storing.</summary>
internal static class ZeroScan
{
    /// <summary>Whether all bytes are zero.</summary>
    public static bool IsZero(ReadOnlySpan<byte> data) => data.IndexOfAnyExcept((byte)0) < 0;
}
