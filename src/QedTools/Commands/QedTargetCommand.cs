using System;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>A cmdlet that reads a disk and is about a new file for it: what that file is to be.</summary>
public abstract class QedTargetCommand : QedContentsCommand
{
    /// <summary>The format to convert to. By default the destination's extension decides.</summary>
    [Parameter]
    public QedDiskFormat? Format { get; set; }

    /// <summary>The size of the new disk, in bytes: larger than the source; what is added is zeroes.</summary>
    [Parameter]
    [Alias("Size")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(DiskSizeCompleter))]
    public long? SizeBytes { get; set; }

    /// <summary>Round the size of the new disk up to a multiple of this, in bytes: a multiple of 512, such as 1MB.</summary>
    [Parameter]
    [SizeInBytes]
    public long? RoundUpToBytes { get; set; }

    /// <summary>The cluster size, in bytes: a power of two, for QED from 4KB to 64MB, for qcow2 from 512 to 2MB.</summary>
    [Parameter]
    [Alias("ClusterSize")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(ClusterSizeCompleter))]
    public long? ClusterSizeBytes { get; set; }

    /// <summary>The QED table size, in clusters: 1, 2, 4, 8 or 16.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TableSizeCompleter))]
    public int? TableSize { get; set; }

    /// <summary>The block size, in bytes: for VHDX a power of two from 1MB to 256MB, for VHD 512KB or 2MB.</summary>
    [Parameter]
    [Alias("BlockSize")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(BlockSizeCompleter))]
    public long? BlockSizeBytes { get; set; }

    /// <summary>The logical sector size of a VHDX disk, in bytes: 512 or 4096.</summary>
    [Parameter]
    [Alias("LogicalSectorSize")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(SectorSizeCompleter))]
    public int? LogicalSectorSizeBytes { get; set; }

    /// <summary>Make a file of fixed size: as long as the disk from the start.</summary>
    [Parameter]
    public SwitchParameter Fixed { get; set; }

    /// <summary>Allocate all the disk space of a raw or fixed file now, so that it has no holes.</summary>
    [Parameter]
    public SwitchParameter FullyAllocated { get; set; }

    /// <summary>The disk controller that a VMDK file names. By default IDE, or LSI Logic if the file is compressed.</summary>
    [Parameter]
    public QedAdapterType? AdapterType { get; set; }

    /// <summary>Compress the data, of a qcow2 file or a VMDK file.</summary>
    [Parameter]
    public SwitchParameter Compress { get; set; }

    /// <summary>How the data is compressed, with -Compress: Deflate unless given, or Zstd for qcow2.</summary>
    [Parameter]
    public QedCompressionType? CompressionType { get; set; }

    /// <summary>Make an overlay of this file that holds only the differences; stored as typed; a relative name is relative to the result's folder.</summary>
    [Parameter]
    [Alias("ParentPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackingFileCompleter))]
    public string? BackingFile { get; set; }

    /// <summary>The backing file's format to record. By default raw if the file has no known magic number.</summary>
    [Parameter]
    public QedBackingFormat? BackingFormat { get; set; }

    /// <summary>Write zeroes where the source cannot be read, and list those ranges on the result.</summary>
    [Parameter]
    public SwitchParameter Salvage { get; set; }

    /// <summary>Read all data to find zeroes that the source stores and the result will not, also where it could be shared instead of read.</summary>
    [Parameter]
    public SwitchParameter ScanZeroes { get; set; }

    /// <summary>The conversion that the parameters ask for.</summary>
    /// <param name="format">The format of the result; null for the one that the destination's extension means.</param>
    /// <param name="backingFile">The backing file of the result; null for none.</param>
    private protected DiskConversionOptions ToConversion(QedDiskFormat? format, string? backingFile) => new()
    {
        SourceFormat = SourceFormat,
        SourceBackingFile = SourceBackingPath,
        BackingFolders = BackingFolderPaths,
        Snapshot = Snapshot,
        Partition = Partition,
        Format = format,
        SizeBytes = SizeBytes,
        RoundUpTo = RoundUpToBytes,
        AdapterType = AdapterType,
        ClusterSize = ClusterSizeBytes,
        TableSize = TableSize,
        BlockSize = BlockSizeBytes,
        SectorSize = LogicalSectorSizeBytes,
        IsFixed = Fixed,
        FullyAllocated = FullyAllocated,
        Compress = Compress,
        CompressionType = CompressionType,
        BackingFile = backingFile,
        BackingFormat = BackingFormat,
        Salvage = Salvage,
        ScanZeroes = ScanZeroes,
        AllowUnc = AllowUnc,
        ForceShare = ForceShare,
    };

    /// <summary>The format that a source is converted to where neither -Format nor an extension says so: away from QED, or to it.</summary>
    /// <param name="path">The source.</param>
    private protected QedDiskFormat DefaultFormatOf(string path) => Format
        ?? (BackingFile is null && string.Equals(System.IO.Path.GetExtension(path), ".qed", StringComparison.OrdinalIgnoreCase) ? QedDiskFormat.Raw : QedDiskFormat.Qed);
}
