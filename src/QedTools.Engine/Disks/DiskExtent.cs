namespace QedTools.Disks;

/// <summary>A range of a disk with one state and, for data, one contiguous place in one file.</summary>
/// <param name="Start">Where it begins on the disk, in bytes.</param>
/// <param name="Length">Its length, in bytes; at least 1.</param>
/// <param name="State">What it holds.</param>
/// <param name="FileOffset">Where its data begins in the file, in bytes; 0 unless <see cref="QedExtentState.Data"/>, <see cref="Packed"/> for data that is not stored as it is.</param>
/// <param name="Depth">The layer that holds it: 0 for the disk's own file, 1 for its backing file, and so on. 0 where no layer holds anything.</param>
internal readonly record struct DiskExtent(long Start, long Length, QedExtentState State, long FileOffset, int Depth)
{
    /// <summary>The <see cref="FileOffset"/> of data that the file holds in another form: compressed.</summary>
    public const long Packed = -1;

    /// <summary>In which of the layer's files <see cref="FileOffset"/> is: 0 for its own, then <see cref="IMultiFileLayer.FurtherFiles"/> in order.</summary>
    public int File { get; init; }

    /// <summary>The first byte after it.</summary>
    public long End => Start + Length;

    /// <summary>A part of it.</summary>
    /// <param name="start">Where the part begins on the disk, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    public DiskExtent Part(long start, long length) => this with
    {
        Start = start,
        Length = length,
        FileOffset = State == QedExtentState.Data && FileOffset != Packed ? FileOffset + (start - Start) : FileOffset,
    };

    /// <summary>Whether <paramref name="next"/> continues this one, so that the two form one extent.</summary>
    public bool IsContinuedBy(in DiskExtent next) =>
        next.Start == End
        && next.State == State
        && next.Depth == Depth
        && next.File == File
        && (State != QedExtentState.Data || next.FileOffset == (FileOffset == Packed ? Packed : FileOffset + Length));
}
