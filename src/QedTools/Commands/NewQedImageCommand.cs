using System.Collections.Generic;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>New-QedImage: creates an empty image or an overlay.</summary>
// No default set: with one PowerShell takes an object that has a LiteralPath for the text of a Path.
[Cmdlet(VerbsCommon.New, "QedImage", SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class NewQedImageCommand : QedChangeCommand
{
    private readonly HashSet<string> _offered = new(SessionPaths.Comparer);

    /// <summary>The disk's size, in bytes; rounded up to a multiple of 512. Unless given, the backing file's.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Size")]
    [EmptyMeansNotGiven]
    [ArgumentCompleter(typeof(DiskSizeCompleter))]
    public long? SizeBytes { get; set; }

    /// <summary>A cluster's size, in bytes: a power of two from 4KB to 64MB.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ClusterSize")]
    [EmptyMeansNotGiven]
    [ArgumentCompleter(typeof(ClusterSizeCompleter))]
    public long? ClusterSizeBytes { get; set; }

    /// <summary>A table's size, in clusters: 1, 2, 4, 8 or 16.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EmptyMeansNotGiven]
    [ArgumentCompleter(typeof(TableSizeCompleter))]
    public int? TableSize { get; set; }

    /// <summary>The file that the new image is an overlay of; stored as typed, relative names begin in the image's folder.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ParentPath")]
    [EmptyMeansNotGiven]
    [AllowNull]
    [ArgumentCompleter(typeof(BackingFileCompleter))]
    public string? BackingFile { get; set; }

    /// <summary>What to record about the backing file's format. Unless given: raw if it has no known magic number.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EmptyMeansNotGiven]
    public QedBackingFormat? BackingFormat { get; set; }

    /// <summary>Replace a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool MakesFiles => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // In the pipeline an empty name means none; on the command line a variable was forgotten.
        if (MyInvocation.BoundParameters.ContainsKey(nameof(BackingFile)) && string.IsNullOrEmpty(BackingFile))
        {
            QedPathException error = QedPathException.ForEmpty(nameof(BackingFile));
            ThrowTerminatingError(ErrorTable.ToRecord(error, nameof(BackingFile)));
        }
    }

    // With -WhatIf nothing is made that would keep the same name from being made twice.
    private void RequireFirst(string path)
    {
        if (SessionStreams.IsWhatIf(this) && !_offered.Add(path) && !Force)
        {
            throw new QedFileExistsException(path);
        }
    }

    private protected override void ProcessFile(string path)
    {
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
        if (options.SizeBytes is { } asked && asked != size)
        {
            WriteVerbose(Messages.RoundedUp(path, asked, size));
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
