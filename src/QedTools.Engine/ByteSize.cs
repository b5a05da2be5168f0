using System;
using System.Globalization;

namespace QedTools;

/// <summary>Formats sizes for people, in messages and in the views of the module.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A size in the largest unit that leaves at least 1, with at most two decimals.</summary>
    /// <param name="bytes">The size, in bytes; null gives an empty string.</param>
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

    /// <summary>A size with three digits, so that its width stays the same while it changes.</summary>
    /// <param name="bytes">The size, in bytes.</param>
    public static string FormatShort(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        string digits = unit == 0 || bytes >= 99.95 ? "0" : bytes >= 9.995 ? "0.0" : "0.00";
        return bytes.ToString(digits, CultureInfo.CurrentCulture) + " " + Units[unit];
    }

    /// <summary>A size both rounded and exact, such as "8 KiB (8192 bytes)"; below 1 KiB only the bytes.</summary>
    /// <param name="bytes">The size, in bytes; null gives an empty string.</param>
    public static string FormatExact(long? bytes) => bytes switch
    {
        null => string.Empty,
        1 => "1 byte",
        < 1024 and > -1024 => string.Format(CultureInfo.CurrentCulture, "{0} bytes", bytes),
        _ => string.Format(CultureInfo.CurrentCulture, "{0} ({1} bytes)", Format(bytes), bytes),
    };

    /// <summary>A size in a given unit, so that several sizes can be compared at a glance.</summary>
    /// <param name="bytes">The size, in bytes.</param>
    /// <param name="unit">0 for bytes, 1 for KiB, and so on.</param>
    internal static string FormatIn(long bytes, int unit) =>
        string.Format(CultureInfo.CurrentCulture, "{0:0.##} {1}", bytes / (decimal)(1L << (10 * unit)), Units[unit]);

    /// <summary>An offset in the largest unit that expresses it exactly with at most two decimals.</summary>
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
