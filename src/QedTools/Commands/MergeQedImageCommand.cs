using System.Management.Automation;

namespace QedTools.Commands;

/// <summary>Merge-QedImage: commits an overlay into its backing file.</summary>
[Cmdlet(VerbsData.Merge, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(QedMergeResult))]
public sealed class MergeQedImageCommand : QedChangeCommand
{
    /// <summary>Leave the overlay as it is; otherwise it is empty afterwards.</summary>
    [Parameter]
    public SwitchParameter Keep { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskMergeOptions options = new() { Keep = Keep, AllowUnc = AllowUnc };
        QedMergeResult plan = DiskMerge.Plan(path, options, Cancellation);
        string then = Keep ? string.Empty : " and empty the overlay";
        if (ShouldProcess(
            path,
            $"Merge {ByteSize.Format(plan.BytesMerged)} of data ({plan.BytesMerged} bytes) into '{plan.BackingFilePath}'{then}"))
        {
            WriteObject(WithProgress("Merging", path, progress => DiskMerge.Run(path, options, progress, Cancellation)));
        }
    }
}
