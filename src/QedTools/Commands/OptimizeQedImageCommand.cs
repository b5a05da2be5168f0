using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Optimize-QedImage: shrinks an image in place.</summary>
[Cmdlet(VerbsCommon.Optimize, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedOptimizeResult))]
public sealed class OptimizeQedImageCommand : QedChangeCommand
{
    /// <summary>Also free clusters that read the same in the backing file.</summary>
    [Parameter]
    public SwitchParameter AgainstBackingFile { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    private protected override void ProcessFile(string path)
    {
        ImageOptimizationOptions options = new()
        {
            AgainstBackingFile = AgainstBackingFile,
            PlansSize = SessionStreams.IsWhatIf(this),
            AllowUnc = AllowUnc,
        };
        ImageOptimizationPlan plan = WithProgress(
            Messages.Checking, path, progress => ImageOptimization.Plan(path, options, progress, Cancellation));
        QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions { SourceFormat = QedDiskFormat.Qed });
        if (!ShouldDo(Messages.OptimizeAction(info, plan, AgainstBackingFile)))
        {
            return;
        }

        QedOptimizeResult result = WithProgress(
            Messages.Optimizing, path, progress => ImageOptimization.Run(path, options with { Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.Optimized(result));
        WriteObject(result);
    }
}
