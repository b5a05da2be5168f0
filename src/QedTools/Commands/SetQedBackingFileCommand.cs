using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Set-QedBackingFile: changes the backing file of an image.</summary>
[Cmdlet(VerbsCommon.Set, "QedBackingFile", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class SetQedBackingFileCommand : QedCommand
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string RemoveByPath = "RemovePath";
    private const string RemoveByLiteralPath = "RemoveLiteralPath";

    /// <summary>The images; taken literally.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByPath)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = RemoveByPath)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The images, for names that PowerShell would otherwise interpret.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = RemoveByLiteralPath)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The new backing file; stored as typed; a relative name is relative to the image's folder.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ByPath)]
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [Alias("ParentPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackingFileCompleter))]
    public string? BackingFile { get; set; }

    /// <summary>The backing file's format to record. By default raw if the file has no known magic number.</summary>
    [Parameter(ParameterSetName = ByPath)]
    [Parameter(ParameterSetName = ByLiteralPath)]
    public QedBackingFormat? BackingFormat { get; set; }

    /// <summary>Remove the backing file from the image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RemoveByPath)]
    [Parameter(Mandatory = true, ParameterSetName = RemoveByLiteralPath)]
    public SwitchParameter Remove { get; set; }

    /// <summary>Set a backing file that does not exist.</summary>
    [Parameter(ParameterSetName = ByPath)]
    [Parameter(ParameterSetName = ByLiteralPath)]
    public SwitchParameter Force { get; set; }

    /// <summary>First copy the data that reads differently in the new backing file into the image, so that the disk reads the same.</summary>
    [Parameter]
    public SwitchParameter PreserveContent { get; set; }

    /// <summary>Follow backing file names that lead to another network share, in order to read the contents to preserve.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Write the image's properties to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName is ByLiteralPath or RemoveByLiteralPath;
        ForEachName(isLiteral ? LiteralPath : Path, isLiteral, Change);
    }

    private void Change(string path)
    {
        BackingFileChangeOptions options = new()
        {
            BackingFile = BackingFile is null ? null : SessionPaths.ToStoredName(this, BackingFile),
            BackingFormat = BackingFormat,
            AllowMissing = Force,
            PreserveContent = PreserveContent,
            AllowUnc = AllowUnc,
            Trace = PlanTrace,
        };
        BackingFileChangePlan plan = BackingFileChange.Plan(path, options, Cancellation);
        QedImageInfo before = plan.Image;
        if (IsOwn(before))
        {
            WriteWarning(Messages.KeepsBackingFile(path, before.BackingFile));
            if (PassThru)
            {
                WriteObject(before);
            }

            return;
        }

        if (!ShouldDo(Messages.BackingFileAction(path, before.BackingFile, options.BackingFile, PreserveContent, plan.MayReadDifferently)))
        {
            return;
        }

        QedImageInfo after = WithProgress(
            PreserveContent ? Messages.Copying : Messages.Checking, path, progress => BackingFileChange.Run(path, options with { Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.BackingFileRecorded(after, BackingFormat));
        if (PassThru)
        {
            WriteObject(after);
        }
    }

    // For instance the BackingFile of a QedImageInfo when -BackingFile was forgotten. Recording it again would detect the format anew.
    private bool IsOwn(QedImageInfo image) =>
        BackingFile is not null
        && BackingFormat is null
        && !IsTyped(nameof(BackingFile))
        && (BackingFile == image.BackingFile || SessionPaths.Comparer.Equals(BackingFile, image.BackingFilePath));
}
