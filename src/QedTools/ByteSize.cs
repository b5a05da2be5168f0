using System;
using System.Globalization;

namespace QedTools;

/// <summary>Writes sizes for people; the views of the module use it.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A size in the largest unit that leaves at least 1, with at most two decimals.</summary>
    /// <param name="bytes">The size, in bytes; null gives an empty text.</param>
    public static string Format(long? bytes)
    {
        if (bytes is not { } size)
        {
            return string.Empty;
        }

        double value = size;
        int unit = 0;
        while (Math.Round(Math.Abs(value), 2) >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Format(CultureInfo.CurrentCulture, "{0:0.##} {1}", value, Units[unit]);
    }

    /// <summary>A size in a unit that others have too, so that they compare at a glance.</summary>
    /// <param name="bytes">The size, in bytes.</param>
    /// <param name="unit">0 for bytes, 1 for KiB, and so on.</param>
    internal static string FormatIn(long bytes, int unit) =>
        string.Format(CultureInfo.CurrentCulture, "{0:0.##} {1}", bytes / (decimal)(1L << (10 * unit)), Units[unit]);

    /// <summary>An offset in the largest unit that can tell it in at most two decimals.</summary>
    /// <param name="bytes">The offset, in bytes; at least 0.</param>
    internal static string FormatExactly(long bytes) => bytes == 0 ? Format(bytes) : FormatIn(bytes, LargestExactUnit(bytes));

    /// <summary>The largest unit in which multiples of a size need at most two decimals.</summary>
    /// <param name="bytes">The size, in bytes; at least 0.</param>
    internal static int LargestExactUnit(long bytes)
    {
        int unit = 0;
        while (unit < Units.Length - 1 && bytes % (1L << (10 * (unit + 1) - 2)) == 0)
        {
            unit++;
        }

        return unit;
    }
}
