using System.Management.Automation;
using QedTools.Completion;
using QedTools.Qed.Format;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>New-QedImage: creates an empty image or an overlay.</summary>
[Cmdlet(VerbsCommon.New, "QedImage", SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class NewQedImageCommand : QedChangeCommand
{
    /// <summary>The disk's size, in bytes; rounded up to a multiple of 512. Unless given, the backing file's.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Size")]
    public long? SizeBytes { get; set; }

    /// <summary>A cluster's size, in bytes: a power of two from 4KB to 64MB.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ClusterSize")]
    [ArgumentCompleter(typeof(ClusterSizeCompleter))]
    public long ClusterSizeBytes { get; set; } = QedGeometry.DefaultClusterSize;

    /// <summary>A table's size, in clusters: 1, 2, 4, 8 or 16.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TableSizeCompleter))]
    public int TableSize { get; set; } = QedGeometry.DefaultTableSize;

    /// <summary>The file that the new image is an overlay of; stored as typed, relative names begin in the image's folder.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ParentPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackingFileCompleter))]
    public string? BackingFile { get; set; }

    /// <summary>What to record about the backing file's format. Unless given: raw if it has no known magic number.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public QedBackingFormat? BackingFormat { get; set; }

    /// <summary>Replace a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessFile(string path)
    {
        QedCreateOptions options = new()
        {
            SizeBytes = SizeBytes,
            ClusterSize = ClusterSizeBytes,
            TableSize = TableSize,
            BackingFile = BackingFile is null ? null : SessionPaths.ToStoredName(this, BackingFile),
            BackingFormat = BackingFormat,
            Replace = Force,
        };
        long size = ImageCreation.Plan(path, options);
        if (options.SizeBytes is { } asked && asked != size)
        {
            WriteVerbose(Messages.RoundedUp(path, asked, size));
        }

        if (!ShouldDo(Messages.CreateAction(path, size, options.BackingFile)))
        {
            return;
        }

        QedImageInfo info = ImageCreation.Create(path, options with { Trace = Trace }, Cancellation);
        FlushTrace();
        if (info.BackingFile is not null)
        {
            WriteVerbose(Messages.BackingFileRecorded(info, BackingFormat));
        }

        WriteObject(info);
    }
}
