using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Operations;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Convert-QedImage: converts QED images to and from other formats.</summary>
[Cmdlet(VerbsData.Convert, "QedImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class ConvertQedImageCommand : QedTargetCommand
{
    private readonly ResultFiles _results = new(SessionPaths.Comparer);
    private readonly List<string> _chains = [];
    private bool _isForAll;
    private bool _isIntoFolder;

    /// <summary>The result's file, or a folder for one result per source. A missing folder is created if there are several sources.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>Convert the files below the image too, each once, so that overlays stay overlays. -DestinationPath is a folder.</summary>
    [Parameter]
    public SwitchParameter Chain { get; set; }

    /// <summary>Write the disk into the raw file that is there, which keeps its length. Requires -Force.</summary>
    [Parameter]
    public SwitchParameter IntoExisting { get; set; }

    /// <summary>Write no zeroes into an existing file or a block device, because it reads as zeroes.</summary>
    [Parameter]
    public SwitchParameter TargetIsZero { get; set; }

    /// <summary>Replace an existing file, or overwrite a block device.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Read the source and the result again and compare them before the result gets its name.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>Return without waiting until the result is on the disk; a power failure soon afterwards can leave it incomplete.</summary>
    [Parameter]
    public SwitchParameter NoFlush { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        // Otherwise each pipeline object supplies its own, as a property or through a script block.
        _isForAll = DestinationPath.Length > 0;
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_chains.Count > 0)
        {
            ForItem(_chains[0], ConvertChains);
        }
    }

    private protected override void ProcessFile(string path)
    {
        if (Chain)
        {
            // All are known before any is written: overlays can share files.
            _chains.Add(path);
            return;
        }

        _isIntoFolder = NamesFolder();
        string destination = DestinationFor(path);
        if (_results.Contains(destination))
        {
            // -Force is for files that existed before, not for this pipeline's own results.
            throw new QedRequestException(
                destination, "DestinationPath", destination, "a folder for several sources", Messages.DuplicateDestination(destination));
        }

        RequireWholeSector(destination, SizeBytes);
        DiskConversionOptions options = Complete(
            ToConversion(FormatFor(path), BackingFile is null ? null : SessionPaths.ToStoredName(this, BackingFile)), _isIntoFolder);
        DiskConversionPlan plan = DiskConversion.Plan(path, destination, options, Cancellation);
        QedDiskFormat format = plan.OverwrittenBytes is null ? DiskConversion.FormatOf(destination, options.Format) : QedDiskFormat.Raw;
        Warn(DiskSource.WarningForName(destination, format));
        Warn(Force ? DiskSource.WarningForReplaced(destination, Cancellation) : null);
        string action = plan.OverwrittenBytes is { } present
            ? Messages.OverwriteAction(path, options.Partition, plan.VirtualSize, destination, present, plan.OverwritesDevice)
            : Messages.ConvertAction(path, options.Partition, plan.VirtualSize, destination, format, options.Compress, options.BackingFile);
        if (!ShouldDo(action) || (plan.OverwritesDevice && !IsAgreed(action)))
        {
            if (SessionStreams.IsWhatIf(this))
            {
                if (plan is { OverwrittenBytes: null, RequiredBytes: { } required })
                {
                    ShouldDo(Messages.ConversionSpace(destination, required, plan.AvailableBytes));
                }

                _results.AddPlanned(destination);
            }

            return;
        }

        QedImageInfo info = WithProgress(
            Verify ? Messages.ConvertingAndVerifying : Messages.Converting, path, progress => DiskConversion.Run(path, destination, options with { Trace = Trace }, progress, Cancellation));
        _results.Add(destination);
        WriteVerbose(Messages.Converted(info, Verify));
        WriteObject(info);
    }

    private DiskConversionOptions Complete(DiskConversionOptions options, bool makesFolder) => options with
    {
        MakeFolder = makesFolder,
        Replace = Force,
        IgnoreFreeSpace = Force,
        CountsSpace = SessionStreams.IsWhatIf(this),
        IntoExisting = IntoExisting,
        TargetIsZero = TargetIsZero,
        Verify = Verify,
        NoFlush = NoFlush,
        Trace = PlanTrace,
    };

    private void ConvertChains()
    {
        string folder = SessionPaths.ToHost(this, DestinationPath);
        if (BackingFile is not null)
        {
            throw new QedRequestException(folder, "BackingFile", BackingFile, "none", Messages.BackingFileOfChain);
        }

        if (IntoExisting || TargetIsZero)
        {
            throw new QedRequestException(folder, "IntoExisting", true, "no existing file", Messages.ExistingFileOfChain);
        }

        if (Format is null)
        {
            throw new QedRequestException(folder, "Format", "(none)", "a format that has backing files", Messages.FormatOfChain);
        }

        if (!NamesFolder() && DiskSource.FormatOfExtension(folder) is not null)
        {
            throw new QedRequestException(folder, "DestinationPath", folder, "a folder", Messages.FolderOfChain(folder));
        }

        RequireWholeSector(folder, SizeBytes);
        DiskConversionOptions options = Complete(ToConversion(Format, backingFile: null), makesFolder: true);
        HashSet<string> missing = new(SessionPaths.Comparer);

        // An image whose chain is broken keeps no other from being converted.
        List<string> complete = [];
        foreach (string path in _chains)
        {
            ForItem(path, () =>
            {
                ChainConversion.RequireComplete(path, options with { Trace = null });
                complete.Add(path);
            });
        }

        ChainConversionPlan plan = ChainConversion.Plan(complete, folder, options, Cancellation);
        foreach (ChainConversionStep step in plan.Steps)
        {
            // Without the file below it there is nothing that it could be an overlay of.
            if (step.BackingFile is { } backing && missing.Contains(backing))
            {
                missing.Add(System.IO.Path.GetFileName(step.DestinationPath));
                continue;
            }

            ForItem(step.Path, () => ConvertStep(step, options));
            if (!_results.Contains(step.DestinationPath))
            {
                missing.Add(System.IO.Path.GetFileName(step.DestinationPath));
            }
        }

        if (SessionStreams.IsWhatIf(this))
        {
            ShouldDo(Messages.ConversionSpace(folder, plan.RequiredBytes, plan.AvailableBytes, plan.Steps.Count));
        }
    }

    private void ConvertStep(ChainConversionStep step, DiskConversionOptions options)
    {
        Warn(Force ? DiskSource.WarningForReplaced(step.DestinationPath, Cancellation) : null);
        QedDiskFormat format = DiskConversion.FormatOf(step.DestinationPath, options.Format);
        if (!ShouldDo(Messages.ConvertAction(step.Path, null, step.VirtualSize, step.DestinationPath, format, options.Compress, step.BackingFile)))
        {
            if (SessionStreams.IsWhatIf(this))
            {
                _results.AddPlanned(step.DestinationPath);
            }

            return;
        }

        QedImageInfo info = WithProgress(
            Verify ? Messages.ConvertingAndVerifying : Messages.Converting,
            step.Path,
            progress => ChainConversion.Run(step, options with { Trace = Trace }, progress, Cancellation));
        _results.Add(step.DestinationPath);
        WriteVerbose(Messages.Converted(info, Verify));
        WriteObject(info);
    }

    // A name that does not exist yet means a folder if it ends like one, or if it has no extension and there are several results.
    private bool NamesFolder()
    {
        string destination = SessionPaths.ToHost(this, DestinationPath);
        bool hasSeveralSources = (_isForAll && MyInvocation.ExpectingInput) || Path.Length > 1 || LiteralPath.Length > 1
            || (Path.Length == 1 && WildcardPattern.ContainsWildcardCharacters(Path[0]));
        return Directory.Exists(destination)
            || DestinationPath[DestinationPath.Length - 1] is '/' or '\\'
            || (hasSeveralSources && !File.Exists(destination) && System.IO.Path.GetExtension(destination).Length == 0);
    }

    // In a folder, the result has the source's name, and the number of the partition, with the format's extension.
    private string DestinationFor(string path)
    {
        string destination = SessionPaths.ToHost(this, DestinationPath);
        return _isIntoFolder
            ? System.IO.Path.Combine(destination, Stem(path) + DiskConversion.ExtensionOf(DefaultFormatOf(path)))
            : destination;
    }

    private string Stem(string path) => DiskServing.NameOf(System.IO.Path.ChangeExtension(path, null), Partition);

    private QedDiskFormat? FormatFor(string path) =>
        Format ?? (_isIntoFolder ? DefaultFormatOf(path) : null);
}
