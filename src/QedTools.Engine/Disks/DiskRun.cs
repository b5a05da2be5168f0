namespace QedTools.Disks;

/// <summary>A range of a disk that has one state in one file.</summary>
/// <param name="State">What the file holds there; if unallocated, the disk below shows through, or zeroes without one.</param>
/// <param name="FileOffset">Where its data begins in the file, in bytes; 0 unless there is data, <see cref="DiskExtent.Packed"/> for data in
/// another form.</param>
/// <param name="Length">Its length, in bytes; at least 1.</param>
internal readonly record struct DiskRun(QedExtentState State, long FileOffset, long Length)
{
    /// <summary>Whether the file stores it in another form: compressed.</summary>
    public bool IsPacked => FileOffset == DiskExtent.Packed;

    /// <summary>A range for which the file holds no data.</summary>
    public static DiskRun Without(QedExtentState state, long length) => new(state, FileOffset: 0, length);
}
