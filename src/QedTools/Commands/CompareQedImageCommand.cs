using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Compare-QedImage: whether two disks read the same, and where they do not.</summary>
[Cmdlet(VerbsData.Compare, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedComparison), typeof(QedDifference))]
public sealed class CompareQedImageCommand : QedContentsCommand
{
    /// <summary>The disk to compare with, of any format.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>The format of the disk to compare with, like -SourceFormat.</summary>
    [Parameter]
    public QedDiskFormat? ReferenceFormat { get; set; }

    /// <summary>Where the backing file or parent of the disk to compare with is now, as -SourceBackingFile.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? ReferenceBackingFile { get; set; }

    /// <summary>The snapshot to read of the disk to compare with, as -Snapshot.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? ReferenceSnapshot { get; set; }

    /// <summary>The number of the partition to compare with, as -Partition. Unless given, it is the whole disk of -ReferencePath.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PartitionCompleter))]
    public int? ReferencePartition { get; set; }

    /// <summary>Treat disks of different sizes as different, even if the rest of the longer one is zeroes.</summary>
    [Parameter]
    public SwitchParameter Strict { get; set; }

    /// <summary>Return the ranges in which the disks differ, in order, instead of one result.</summary>
    [Parameter]
    public SwitchParameter Extent { get; set; }

    /// <summary>With -Extent, the blocks that differ or do not, in bytes: a power of two from 512 to 64MB.</summary>
    [Parameter]
    [Alias("BlockSize")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(DifferenceBlockSizeCompleter))]
    public long? BlockSizeBytes { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskComparisonOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            ReferenceFormat = ReferenceFormat,
            ReferenceBackingFile = ReferenceBackingFile is null ? null : SessionPaths.ToExistingHost(this, ReferenceBackingFile),
            Snapshot = Snapshot,
            Partition = Partition,
            ReferenceSnapshot = ReferenceSnapshot,
            ReferencePartition = ReferencePartition,
            Strict = Strict,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            BlockSize = BlockSizeBytes ?? DiskComparisonOptions.MinBlockSize,
            Trace = Trace,
        };
        string reference = SessionPaths.ToExistingHost(this, ReferencePath);
        if (Extent)
        {
            WriteExtents(path, reference, options);
            return;
        }

        if (BlockSizeBytes is not null)
        {
            throw new QedRequestException(path, nameof(BlockSizeBytes), BlockSizeBytes, "none", Messages.BlockSizeWithoutExtents);
        }

        QedComparison result = WithProgress(
            Messages.Comparing, path, progress => DiskComparison.Run(path, reference, options, progress, Cancellation));
        WriteVerbose(Messages.Compared(result));
        WriteObject(result);
    }

    private void WriteExtents(string path, string reference, DiskComparisonOptions options)
    {
        long count = WithProgress(Messages.Comparing, path, progress =>
        {
            long found = 0;
            foreach (QedDifference difference in DiskDifferences.Run(path, reference, options, progress, Cancellation))
            {
                FlushTrace();
                WriteObject(difference);
                found++;
            }

            return found;
        });
        WriteVerbose(Messages.ComparedByExtent(path, reference, count));
    }
}
