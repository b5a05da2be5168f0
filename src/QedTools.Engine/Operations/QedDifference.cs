using System.Globalization;

namespace QedTools;

/// <summary>A range in which two disks differ, as long as possible: every block of it differs, and each disk has one state throughout.</summary>
/// <param name="Start">Where it begins on the disks, in bytes: a multiple of the block size.</param>
/// <param name="Length">Its length, in bytes: whole blocks, except where the longer disk ends.</param>
/// <param name="State">What the disk holds there: data if it has any in a block, else zeroes if it has any; null beyond its end.</param>
/// <param name="ReferenceState">The same of the disk that it is compared with.</param>
/// <param name="Path">The disk's file.</param>
/// <param name="ReferencePath">The other disk's file.</param>
public sealed record QedDifference(
    long Start, long Length, QedExtentState? State, QedExtentState? ReferenceState, string Path, string ReferencePath)
{
    /// <summary>The name of the disk's file without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Range and states in one line.</summary>
    public override string ToString() => string.Format(
        CultureInfo.InvariantCulture, "{0}+{1} {2}, {3}", Start, Length, Describe(State), Describe(ReferenceState));

    private static string Describe(QedExtentState? state) => state?.ToString() ?? "nothing";
}
