using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Resize-QedImage: changes the size of a disk.</summary>
[Cmdlet(VerbsCommon.Resize, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedImageInfo))]
public sealed class ResizeQedImageCommand : QedChangeCommand
{
    /// <summary>The new size, in bytes; rounded up to a multiple of 512.</summary>
    // There is no alias Size, since -Size is short for it anyway: an alias would bind the Size property of a piped file, which on
    // Linux and macOS is the file's length, not the disk's size.
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [EmptyMeansNotGiven]
    [SizeInBytes]
    [ArgumentCompleter(typeof(DiskSizeCompleter))]
    public long SizeBytes { get; set; }

    /// <summary>Allow the disk to become smaller; data beyond the new end is lost.</summary>
    [Parameter]
    public SwitchParameter Shrink { get; set; }

    /// <summary>
    /// Shrink even if partitions end beyond the new size, or if other images have this one as their backing file; they will read wrong data afterwards.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Write the image's properties to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void ProcessFile(string path)
    {
        RequireWholeSector(path, SizeBytes);
        ImageResizeOptions options = new() { Shrink = Shrink, AllowOtherOverlays = Force, AllowCutPartitions = Force, AllowUnc = AllowUnc, Trace = PlanTrace };
        ImageResizePlan plan = ImageResize.Plan(path, SizeBytes, options, Cancellation);
        if (plan.NewSize != SizeBytes)
        {
            WriteVerbose(Messages.RoundedUp(path, SizeBytes, plan.NewSize));
        }

        Warn(plan.MisplacesBackupTable ? Messages.BackupTableMisplaced(path, plan) : null);
        if (!ShouldDo(Messages.ResizeAction(path, plan)))
        {
            return;
        }

        QedImageInfo info = WithProgress(
            Messages.Checking, path, progress => ImageResize.Run(path, SizeBytes, options with { Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.Resized(info));
        if (PassThru)
        {
            WriteObject(info);
        }
    }
}
