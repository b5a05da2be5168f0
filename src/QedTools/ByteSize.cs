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
}
