namespace QedTools;

/// <summary>How a disk is converted.</summary>
public sealed record DiskConversionOptions : DiskContentsOptions
{
    /// <summary>The format to convert to; null to use that of the destination's extension.</summary>
    public QedDiskFormat? Format { get; init; }

    /// <summary>The size of the new disk, in bytes: at least that of the source; what is added reads as zeroes. Null: the size of the source.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>The size of the new disk is rounded up to a multiple of this, in bytes, itself a multiple of 512. Null: only to whole sectors.</summary>
    public long? RoundUpTo { get; init; }

    /// <summary>The disk controller that the file names; for VMDK only. Null: IDE, or LSI Logic if the file is compressed.</summary>
    public QedAdapterType? AdapterType { get; init; }

    /// <summary>A cluster's size, in bytes, a power of two: for QED from 4 KiB to 64 MiB, for qcow2 from 512 bytes to 2 MiB. Null: 64 KiB.</summary>
    public long? ClusterSize { get; init; }

    /// <summary>A table's size, in clusters: 1, 2, 4, 8 or 16; for QED only. Null: 4.</summary>
    public int? TableSize { get; init; }

    /// <summary>A block's size, in bytes: for VHDX a power of two from 1 MiB to 256 MiB, for VHD 512 KiB or 2 MiB. Null: the format's default.</summary>
    public long? BlockSize { get; init; }

    /// <summary>The size of the sectors that the disk presents, in bytes, 512 or 4,096; for VHDX only. Null: that of the backing file, or else that of the source.</summary>
    public int? SectorSize { get; init; }

    /// <summary>Whether the file has its full length from the start; for VHDX, VHD, VDI and VMDK, which then has the data in a second file.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Whether the file has no holes, so that it takes all its disk space now; for raw and fixed disks.</summary>
    public bool FullyAllocated { get; init; }

    /// <summary>Whether the data is compressed; for qcow2, and for VMDK, which becomes streamOptimized.</summary>
    public bool Compress { get; init; }

    /// <summary>How the data is compressed, which <see cref="Compress"/> asks for; VMDK takes deflate only. Null: deflate.</summary>
    public QedCompressionType? CompressionType { get; init; }

    /// <summary>
    /// The backing file of the result, which then is an overlay that holds only what differs; for QED and qcow2, and for VHDX and VHD over a
    /// file of the same format and size. A relative name is relative to the result's folder. Null for a standalone result.
    /// </summary>
    public string? BackingFile { get; init; }

    /// <summary>What to record about the backing file's format; for QED and qcow2. Null: raw if it has no known magic number.</summary>
    public QedBackingFormat? BackingFormat { get; init; }

    /// <summary>
    /// Whether what cannot be read of the source (an error of the host, a damaged table, a damaged compressed cluster) becomes zeroes, listed in
    /// <see cref="QedImageInfo.LostRanges"/>. Else the first such place ends the conversion.
    /// </summary>
    public bool Salvage { get; init; }

    /// <summary>
    /// Whether all data is read to find zeroes that the source stores, which the result then does not. Otherwise this is done only for data that
    /// has to be copied: what can share the blocks of the source is not read.
    /// </summary>
    public bool ScanZeroes { get; init; }

    /// <summary>Whether an existing file of the destination's name is replaced.</summary>
    public bool Replace { get; init; }

    /// <summary>
    /// Whether the disk is written into the raw file that is there, which keeps its length and must be at least as long as the disk; what lies
    /// beyond the disk stays as it is. An error in the middle leaves part of the old contents. A block device is always written like this.
    /// Requires <see cref="Replace"/>.
    /// </summary>
    public bool IntoExisting { get; init; }

    /// <summary>Whether the existing file or device reads as zeroes, so that zeroes are not written; see <see cref="IntoExisting"/>.</summary>
    public bool TargetIsZero { get; init; }

    /// <summary>Whether to begin even if the result may need more disk space than is free. It is written as far as it fits, and removed if it does not.</summary>
    public bool IgnoreFreeSpace { get; init; }

    /// <summary>Whether a plan counts the disk space of the result even where it makes no difference, because the whole disk would fit.</summary>
    public bool CountsSpace { get; init; } = true;

    /// <summary>Whether the destination's folder is created if it is missing; the folder above it must exist.</summary>
    public bool MakeFolder { get; init; }

    /// <summary>Whether only what the top layer of the source holds is looked at, because the backing file of the result reads as what is below it.</summary>
    internal bool OnlyOwnExtents { get; init; }

    /// <summary>Whether source and result are read again and compared before the result gets its name.</summary>
    public bool Verify { get; init; }

    /// <summary>
    /// Whether to return without waiting until the result is on the disk. It is complete as soon as it has its name, but a power cut
    /// soon after can leave it incomplete.
    /// </summary>
    public bool NoFlush { get; init; }
}
