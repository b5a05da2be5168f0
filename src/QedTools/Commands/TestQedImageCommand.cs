using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Test-QedImage: the full consistency check.</summary>
[Cmdlet(VerbsDiagnostic.Test, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedCheckResult), typeof(bool))]
public sealed class TestQedImageCommand : QedReadCommand
{
    /// <summary>Return only true for a clean image, and false for one with leaks or damage.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Check an image that another process has open for writing, although it may change meanwhile.</summary>
    [Parameter]
    public SwitchParameter ForceShare { get; set; }

    private protected override void ProcessFile(string path)
    {
        QedCheckResult result = WithProgress(
            Messages.Checking, path, progress => ImageCheck.Run(path, new ImageCheckOptions { ForceShare = ForceShare, Trace = Trace }, progress, Cancellation));
        WriteVerbose(Messages.Checked(result));
        if (Quiet)
        {
            WriteObject(result.Status == QedCheckStatus.Clean);
        }
        else
        {
            WriteObject(result);
        }
    }
}
