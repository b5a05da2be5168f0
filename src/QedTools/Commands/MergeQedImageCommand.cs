using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Merge-QedImage: commits an overlay into its backing file.</summary>
[Cmdlet(VerbsData.Merge, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedMergeResult))]
public sealed class MergeQedImageCommand : QedChangeCommand
{
    /// <summary>Leave the overlay unchanged; otherwise it is empty afterwards.</summary>
    [Parameter]
    public SwitchParameter Keep { get; set; }

    /// <summary>Merge even if other images have the same backing file; they will read wrong data afterwards.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskMergeOptions options = new() { Keep = Keep, AllowOtherOverlays = Force, AllowUnc = AllowUnc, Trace = PlanTrace };
        QedMergeResult plan = DiskMerge.Plan(path, options, Cancellation);
        if (!ShouldDo(Messages.MergeAction(plan, Keep)))
        {
            return;
        }

        QedMergeResult result = WithProgress(
            Messages.Merging, path, progress => DiskMerge.Run(path, options with { Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.Merged(result));
        WriteObject(result);
    }
}
