using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Get-QedOverlay: the images that lie over an image, or all images of a folder as a tree.</summary>
[Cmdlet(VerbsCommon.Get, "QedOverlay", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedOverlayInfo))]
public sealed class GetQedOverlayCommand : QedOverlayCommand
{
    private protected override void ProcessFile(string path)
    {
        int count = 0;
        foreach (QedOverlayInfo image in ListingFor(path).For(path))
        {
            Cancellation.ThrowIfCancellationRequested();
            WriteObject(image);
            count++;
        }

        WriteVerbose(Messages.OverlaysFound(path, count));
    }
}
