using System.Globalization;

namespace QedTools;

/// <summary>A range of a disk, as long as possible, with one state and, for data, one contiguous place in one file.</summary>
/// <param name="Start">Where it begins on the disk, in bytes.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="State">What it holds.</param>
/// <param name="FileOffset">Where its data begins in <paramref name="Path"/>, in bytes; null unless it is data, and for compressed data (qcow2).</param>
/// <param name="Depth">The layer that holds it: 0 for the image itself, 1 for its backing file, and so on; 0 where no layer holds anything.</param>
/// <param name="Path">The file of that layer.</param>
public sealed record QedExtent(long Start, long Length, QedExtentState State, long? FileOffset, int Depth, string Path)
{
    /// <summary>The name of that file without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Range and state in one line.</summary>
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0}+{1} {2}", Start, Length, State);
}
