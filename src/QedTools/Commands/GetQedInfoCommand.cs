using System.Management.Automation;

namespace QedTools.Commands;

/// <summary>Get-QedInfo: the facts of an image of any format.</summary>
[Cmdlet(VerbsCommon.Get, "QedInfo", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedImageInfo))]
public sealed class GetQedInfoCommand : QedSourceCommand
{
    /// <summary>Also return the layers below the image, in order.</summary>
    [Parameter]
    public SwitchParameter BackingChain { get; set; }

    private protected override void ProcessFile(string path)
    {
        ImageInspectionOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            AllowUnc = AllowUnc,
            Trace = Trace,
        };
        if (!BackingChain && SourceBackingFile is null)
        {
            WriteObject(ImageInspection.Run(path, options));
            return;
        }

        foreach (QedImageInfo layer in ImageInspection.RunOverChain(path, options))
        {
            FlushTrace();
            WriteObject(layer);
        }
    }
}
