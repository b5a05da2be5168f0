using System.Globalization;

namespace QedTools;

/// <summary>A range of a disk.</summary>
/// <param name="Start">Where it begins, in bytes.</param>
/// <param name="Length">Its length, in bytes.</param>
public sealed record QedRange(long Start, long Length)
{
    /// <summary>Start and length in one line.</summary>
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0}+{1}", Start, Length);
}
