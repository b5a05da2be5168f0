using System.Linq;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>A cmdlet that looks at images of any format and at the files below them: how those are found.</summary>
public abstract class QedSourceCommand : QedReadCommand
{
    /// <summary>The image's format. Unless given: what its extension and its contents mean. The files below it are read as they say themselves.</summary>
    [Parameter]
    public QedDiskFormat? SourceFormat { get; set; }

    /// <summary>Where the image's backing file or parent is now, for this run; the image is not changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? SourceBackingFile { get; set; }

    /// <summary>The only folders that files named by an image may be in, for images from elsewhere.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] BackingFolder { get; set; } = [];

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Where <see cref="SourceBackingFile"/> is on the host; null if it was not given.</summary>
    private protected string? SourceBackingPath => SourceBackingFile is null ? null : SessionPaths.ToExistingHost(this, SourceBackingFile);

    /// <summary>Where <see cref="BackingFolder"/> is on the host.</summary>
    private protected string[] BackingFolderPaths => [.. BackingFolder.Select(folder => SessionPaths.ToExistingHost(this, folder))];
}
