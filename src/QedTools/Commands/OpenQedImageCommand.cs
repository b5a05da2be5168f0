using System.IO;
using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Open-QedImage: opens the disk's contents as a stream.</summary>
[Cmdlet(VerbsCommon.Open, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(DiskStream), typeof(Stream))]
public sealed class OpenQedImageCommand : QedContentsCommand
{
    /// <summary>Allow writing; the image is locked exclusively until the stream is closed.</summary>
    [Parameter]
    public SwitchParameter ReadWrite { get; set; }

    /// <summary>
    /// Write to a file that is raw by its extension even if it begins like an image of another format, or to one that is the backing file
    /// of other images, which will read wrong data afterwards.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskOpeningOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            Snapshot = Snapshot,
            Partition = Partition,
            Writable = ReadWrite,
            AllowOtherContents = Force,
            AllowOtherOverlays = Force,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = Trace,
        };
        DiskStream stream = WithProgress(
            Messages.Checking, path, progress => DiskOpening.Run(path, options, progress, Cancellation));
        WriteVerbose(Messages.Opened(path, stream.Length, ReadWrite));
        WriteObject(stream);
    }
}
