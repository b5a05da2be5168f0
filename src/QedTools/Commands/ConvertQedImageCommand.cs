using System;
using System.IO;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Operations;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Convert-QedImage: converts QED images to and from other formats.</summary>
[Cmdlet(VerbsData.Convert, "QedImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class ConvertQedImageCommand : QedDiskCommand
{
    private readonly ResultFiles _results = new(SessionPaths.Comparer);
    private bool _isForAll;
    private bool _isIntoFolder;

    /// <summary>The result's file, or a folder for one result per source. A missing folder is created if there are several sources.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>The format to convert to. By default the destination's extension decides.</summary>
    [Parameter]
    public QedDiskFormat? Format { get; set; }

    /// <summary>The cluster size, in bytes: a power of two, for QED from 4KB to 64MB, for qcow2 from 512 to 2MB.</summary>
    [Parameter]
    [Alias("ClusterSize")]
    [ArgumentCompleter(typeof(ClusterSizeCompleter))]
    public long? ClusterSizeBytes { get; set; }

    /// <summary>The QED table size, in clusters: 1, 2, 4, 8 or 16.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TableSizeCompleter))]
    public int? TableSize { get; set; }

    /// <summary>The block size, in bytes: for VHDX a power of two from 1MB to 256MB, for VHD 512KB or 2MB.</summary>
    [Parameter]
    [Alias("BlockSize")]
    [ArgumentCompleter(typeof(BlockSizeCompleter))]
    public long? BlockSizeBytes { get; set; }

    /// <summary>The logical sector size of a VHDX disk, in bytes: 512 or 4096.</summary>
    [Parameter]
    [Alias("LogicalSectorSize")]
    [ArgumentCompleter(typeof(SectorSizeCompleter))]
    public int? LogicalSectorSizeBytes { get; set; }

    /// <summary>Make a file of fixed size: as long as the disk from the start.</summary>
    [Parameter]
    public SwitchParameter Fixed { get; set; }

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

    /// <summary>Replace an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Write zeroes where the source cannot be read, and list those ranges on the result.</summary>
    [Parameter]
    public SwitchParameter Salvage { get; set; }

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

    private protected override void ProcessFile(string path)
    {
        _isIntoFolder = NamesFolder();
        string destination = DestinationFor(path);
        if (_results.Contains(destination))
        {
            // -Force is for files that existed before, not for this pipeline's own results.
            throw new QedRequestException(
                destination, "DestinationPath", destination, "a folder for several sources", Messages.SecondSource(destination));
        }

        DiskConversionOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            Snapshot = Snapshot,
            Format = FormatFor(path),
            ClusterSize = ClusterSizeBytes,
            TableSize = TableSize,
            BlockSize = BlockSizeBytes,
            SectorSize = LogicalSectorSizeBytes,
            IsFixed = Fixed,
            Compress = Compress,
            CompressionType = CompressionType,
            MakeFolder = _isIntoFolder,
            BackingFile = BackingFile is null ? null : SessionPaths.ToStoredName(this, BackingFile),
            BackingFormat = BackingFormat,
            Replace = Force,
            Salvage = Salvage,
            Verify = Verify,
            NoFlush = NoFlush,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = PlanTrace,
        };
        long size = DiskConversion.Plan(path, destination, options);
        QedDiskFormat format = DiskConversion.FormatOf(destination, options.Format);
        Warn(DiskSource.WarningForName(destination, format));
        Warn(Force ? DiskSource.WarningForReplaced(destination, Cancellation) : null);
        if (!ShouldDo(Messages.ConvertAction(path, size, destination, format, options.Compress, options.BackingFile)))
        {
            if (SessionStreams.IsWhatIf(this))
            {
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

    // In a folder, the result has the source's name with the format's extension.
    private string DestinationFor(string path)
    {
        string destination = SessionPaths.ToHost(this, DestinationPath);
        return _isIntoFolder
            ? System.IO.Path.Combine(destination, System.IO.Path.ChangeExtension(System.IO.Path.GetFileName(path), DiskConversion.ExtensionOf(FormatIntoFolder(path))))
            : destination;
    }

    private QedDiskFormat? FormatFor(string path) =>
        Format ?? (_isIntoFolder ? FormatIntoFolder(path) : null);

    private QedDiskFormat FormatIntoFolder(string path) => Format
        ?? (BackingFile is null && string.Equals(System.IO.Path.GetExtension(path), ".qed", StringComparison.OrdinalIgnoreCase) ? QedDiskFormat.Raw : QedDiskFormat.Qed);
}
