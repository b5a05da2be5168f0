using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Compare-QedImage: whether two disks read the same.</summary>
[Cmdlet(VerbsData.Compare, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedComparison))]
public sealed class CompareQedImageCommand : QedReadCommand
{
    /// <summary>The disk to compare with, of any format.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>The disk's format. By default the extension decides, otherwise the contents. Its backing files are read in their own formats.</summary>
    [Parameter]
    public QedDiskFormat? SourceFormat { get; set; }

    /// <summary>The format of the disk to compare with, like -SourceFormat.</summary>
    [Parameter]
    public QedDiskFormat? ReferenceFormat { get; set; }

    /// <summary>The id or name of an internal snapshot of a qcow2 file, to read instead of the disk's current state. An id takes precedence over a name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? Snapshot { get; set; }

    /// <summary>The snapshot of -ReferencePath, like -Snapshot.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? ReferenceSnapshot { get; set; }

    /// <summary>Treat disks of different sizes as different, even if the rest of the longer one is zeroes.</summary>
    [Parameter]
    public SwitchParameter Strict { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Read images that another process has open for writing, although they may change meanwhile.</summary>
    [Parameter]
    public SwitchParameter ForceShare { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskComparisonOptions options = new()
        {
            SourceFormat = SourceFormat,
            ReferenceFormat = ReferenceFormat,
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
