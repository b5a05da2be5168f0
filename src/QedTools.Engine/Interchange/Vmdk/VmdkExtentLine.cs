using System;
using System.Globalization;

namespace QedTools.Interchange.Vmdk;

/// <summary>A line of a descriptor that tells where a part of the disk is: access, size, type, file, offset.</summary>
/// <param name="Sectors">The part's size, in sectors.</param>
/// <param name="Type">FLAT, SPARSE, ZERO and so on.</param>
/// <param name="FileName">The file it is in; empty for ZERO.</param>
/// <param name="Offset">Where in that file it begins, in sectors.</param>
internal readonly record struct VmdkExtentLine(long Sectors, string Type, string FileName, long Offset)
{
    /// <summary>Reads a line.</summary>
    /// <returns>Null if it is another kind of line.</returns>
    public static VmdkExtentLine? TryParse(string line)
    {
        string[] parts = line.Split([' ', '\t'], 4, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 3 || parts[0] is not ("RW" or "RDONLY" or "NOACCESS") || !TryNumber(parts[1], out long sectors))
        {
            return null;
        }

        string rest = parts.Length > 3 ? parts[3] : string.Empty;
        int open = rest.IndexOf('"');
        int close = rest.LastIndexOf('"');
        string name = close > open && open >= 0 ? rest.Substring(open + 1, close - open - 1) : string.Empty;
        TryNumber(rest.Substring(close + 1).Trim(), out long offset);
        return new VmdkExtentLine(sectors, parts[2], name, offset);
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
