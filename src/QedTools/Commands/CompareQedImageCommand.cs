using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Compare-QedImage: whether two disks read the same.</summary>
[Cmdlet(VerbsData.Compare, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedComparison))]
public sealed class CompareQedImageCommand : QedDiskCommand
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

    /// <summary>Treat disks of different sizes as different, even if the rest of the longer one is zeroes.</summary>
    [Parameter]
    public SwitchParameter Strict { get; set; }

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
            ReferenceSnapshot = ReferenceSnapshot,
            Strict = Strict,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = Trace,
        };
        string reference = SessionPaths.ToExistingHost(this, ReferencePath);
        QedComparison result = WithProgress(
            Messages.Comparing, path, progress => DiskComparison.Run(path, reference, options, progress, Cancellation));
        WriteVerbose(Messages.Compared(result));
        WriteObject(result);
    }
}
