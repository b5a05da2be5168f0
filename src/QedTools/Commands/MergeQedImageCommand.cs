using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Merge-QedImage: commits an overlay into its backing file, or one further down.</summary>
[Cmdlet(VerbsData.Merge, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedMergeResult))]
public sealed class MergeQedImageCommand : QedChangeCommand
{
    /// <summary>The file below the overlay to merge into; by default its backing file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? Into { get; set; }

    /// <summary>Leave the overlay unchanged; otherwise it is empty afterwards.</summary>
    [Parameter]
    public SwitchParameter Keep { get; set; }

    /// <summary>Merge even if other images lie over the file that is merged into; they will read wrong data afterwards.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskMergeOptions options = new()
        {
            Into = Into is null ? null : SessionPaths.ToExistingHost(this, Into),
            Keep = Keep,
            AllowOtherOverlays = Force,
            AllowUnc = AllowUnc,
            Trace = PlanTrace,
        };
        QedMergeResult plan = DiskMerge.Plan(path, options, Cancellation);
        if (!ShouldDo(Messages.MergeAction(plan, Keep, isInto: Into is not null)))
        {
            return;
        }

        QedMergeResult result = WithProgress(
            Messages.Merging, path, progress => DiskMerge.Run(path, options with { Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.Merged(result));
        WriteObject(result);
    }
}
