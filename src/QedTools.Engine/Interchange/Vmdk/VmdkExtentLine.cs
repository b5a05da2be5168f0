using System;
using System.Globalization;

namespace QedTools.Interchange.Vmdk;

/// <summary>A line of a descriptor that says where a part of the disk is ("Virtual Disk Format 5.0", "The Extent Description").</summary>
/// <param name="Access">RW, RDONLY or NOACCESS.</param>
/// <param name="Sectors">The part's size, in sectors.</param>
/// <param name="Type">FLAT, SPARSE, ZERO and so on.</param>
/// <param name="FileName">The file it is in; empty for ZERO.</param>
/// <param name="Offset">Where in that file it begins, in sectors.</param>
internal readonly record struct VmdkExtentLine(string Access, long Sectors, string Type, string FileName, long Offset)
{
    /// <summary>A part of zeroes, which is in no file.</summary>
    public const string Zero = "ZERO";

    /// <summary>A space-efficient sparse part.</summary>
    public const string SeSparse = "SESPARSE";

    /// <summary>What no program may read.</summary>
    public const string NoAccess = "NOACCESS";

    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>Whether a part's bytes are in order in its file.</summary>
    public bool IsFlat => Type is "FLAT" or "VMFS";

    /// <summary>Whether a part's file has tables that say where its grains are.</summary>
    public bool IsSparse => Type is "SPARSE" or "VMFSSPARSE" or SeSparse;

    /// <summary>Whether a line is meant to be one of these, readable or not.</summary>
    /// <param name="line">The line without blanks around it.</param>
    public static bool IsOne(string line) =>
        line.IndexOfAny(Blanks) is > 0 and int end && line.Substring(0, end).ToUpperInvariant() is "RW" or "RDONLY" or NoAccess;

    /// <summary>Reads a line: access, size and type, the name in quotation marks, the offset; what follows identifies a device.</summary>
    /// <param name="line">The line without blanks around it.</param>
    /// <returns>Null if it cannot be read.</returns>
    public static VmdkExtentLine? TryParse(string line)
    {
        string[] parts = line.Split(Blanks, 4, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 3 || !TryNumber(parts[1], out long sectors))
        {
            return null;
        }

        string access = parts[0].ToUpperInvariant();
        string type = parts[2].ToUpperInvariant();
        string rest = parts.Length > 3 ? parts[3].TrimStart() : string.Empty;
        int close = rest.Length > 0 && rest[0] == '"' ? rest.IndexOf('"', 1) : -1;
        if (close < 2)
        {
            return type == Zero ? new VmdkExtentLine(access, sectors, type, string.Empty, 0) : null;
        }

        string[] values = rest.Substring(close + 1).Split(Blanks, 2, StringSplitOptions.RemoveEmptyEntries);
        long offset = 0;
        return values.Length == 0 || TryNumber(values[0], out offset)
            ? new VmdkExtentLine(access, sectors, type, rest.Substring(1, close - 1), offset)
            : null;
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
