using System.Management.Automation;

namespace QedTools.Commands;

/// <summary>Get-QedInfo: the properties of an image's header and file.</summary>
[Cmdlet(VerbsCommon.Get, "QedInfo", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedImageInfo))]
public sealed class GetQedInfoCommand : QedReadCommand
{
    /// <summary>Also return the layers below the image, in order.</summary>
    [Parameter]
    public SwitchParameter BackingChain { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    private protected override void ProcessFile(string path)
    {
        if (!BackingChain)
        {
            WriteObject(ImageInspection.Run(path, new ImageInspectionOptions { Trace = Trace }));
            return;
        }

        foreach (QedImageInfo layer in ImageInspection.RunOverChain(path, new ImageInspectionOptions { AllowUnc = AllowUnc, Trace = Trace }))
        {
            FlushTrace();
            WriteObject(layer);
        }
    }
}
