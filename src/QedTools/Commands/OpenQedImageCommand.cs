using System.IO;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Open-QedImage: opens the disk's contents as a stream.</summary>
[Cmdlet(VerbsCommon.Open, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(DiskStream), typeof(Stream))]
public sealed class OpenQedImageCommand : QedReadCommand
{
    /// <summary>Allow writing; the image is locked exclusively until the stream is closed.</summary>
    [Parameter]
    public SwitchParameter ReadWrite { get; set; }

    /// <summary>The image's format. By default the extension decides, otherwise the contents. Its backing files are read in their own formats.</summary>
    [Parameter]
    public QedDiskFormat? SourceFormat { get; set; }

    /// <summary>The id or name of an internal snapshot of a qcow2 file, to read instead of the disk's current state. An id takes precedence over a name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? Snapshot { get; set; }

    /// <summary>
    /// Write to a file that is raw by its extension even if it begins like an image of another format, or to one that is the backing file
    /// of other images, which will read wrong data afterwards.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Read an image that another process has open for writing, although it may change meanwhile.</summary>
    [Parameter]
    public SwitchParameter ForceShare { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskOpeningOptions options = new()
        {
            SourceFormat = SourceFormat,
            Snapshot = Snapshot,
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
