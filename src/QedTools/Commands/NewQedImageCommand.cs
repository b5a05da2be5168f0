using System.Collections.Generic;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>New-QedImage: creates an empty image or an overlay.</summary>
// There is no default parameter set: with one, PowerShell would bind an object that has a LiteralPath to -Path, as text.
[Cmdlet(VerbsCommon.New, "QedImage", SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class NewQedImageCommand : QedChangeCommand
{
    private readonly HashSet<string> _planned = new(SessionPaths.Comparer);

    /// <summary>The disk's size, in bytes; rounded up to a multiple of 512. By default the backing file's size.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Size")]
    [EmptyMeansNotGiven]
    [SizeInBytes]
    [ArgumentCompleter(typeof(DiskSizeCompleter))]
    public long? SizeBytes { get; set; }

    /// <summary>The cluster size, in bytes: a power of two from 4KB to 64MB.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ClusterSize")]
    [EmptyMeansNotGiven]
    [SizeInBytes]
    [ArgumentCompleter(typeof(ClusterSizeCompleter))]
    public long? ClusterSizeBytes { get; set; }

    /// <summary>The table size, in clusters: 1, 2, 4, 8 or 16.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EmptyMeansNotGiven]
    [ArgumentCompleter(typeof(TableSizeCompleter))]
    public int? TableSize { get; set; }

    /// <summary>The file that the new image is an overlay of; stored as typed; a relative name is relative to the image's folder.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ParentPath")]
    [EmptyMeansNotGiven]
    [AllowNull]
    [ArgumentCompleter(typeof(BackingFileCompleter))]
    public string? BackingFile { get; set; }

    /// <summary>The backing file's format to record. By default raw if the file has no known magic number.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EmptyMeansNotGiven]
    public QedBackingFormat? BackingFormat { get; set; }

    /// <summary>Replace an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool CreatesFiles => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // From the pipeline an empty name means none; on the command line it means a variable that was not set.
        if (MyInvocation.BoundParameters.ContainsKey(nameof(BackingFile)) && string.IsNullOrEmpty(BackingFile))
        {
            QedPathException error = QedPathException.ForEmpty(nameof(BackingFile));
            ThrowTerminatingError(ErrorTable.ToRecord(error, nameof(BackingFile), command: null));
        }
    }

    // With -WhatIf no file is created, so nothing else would detect a name that is given twice.
    private void RequireFirst(string path)
    {
        if (SessionStreams.IsWhatIf(this) && !_planned.Add(path) && !Force)
        {
            throw new QedFileExistsException(path);
        }
    }

    private protected override void ProcessFile(string path)
    {
        RequireWholeSector(path, SizeBytes);
        string? backingFile = string.IsNullOrEmpty(BackingFile) ? null : BackingFile;
        ImageCreationOptions options = new()
        {
            SizeBytes = SizeBytes,
            ClusterSize = ClusterSizeBytes,
            TableSize = TableSize,
            BackingFile = backingFile is null ? null : SessionPaths.ToStoredName(this, backingFile),
            BackingFormat = BackingFormat,
            Replace = Force,
            Trace = PlanTrace,
        };
        long size = ImageCreation.Plan(path, options);
        if (options.SizeBytes is { } requested && requested != size)
        {
            WriteVerbose(Messages.RoundedUp(path, requested, size));
        }

        Warn(DiskSource.WarningForName(path, QedDiskFormat.Qed));
        Warn(Force ? DiskSource.WarningForReplaced(path, Cancellation) : null);
        RequireFirst(path);
        if (!ShouldDo(Messages.CreateAction(path, size, options.BackingFile)))
        {
            return;
        }

        QedImageInfo info = ImageCreation.Run(path, options with { Trace = Trace }, Cancellation);
        FlushTrace();
        if (info.BackingFile is not null)
        {
            WriteVerbose(Messages.BackingFileRecorded(info, BackingFormat));
        }

        WriteObject(info);
    }
}
