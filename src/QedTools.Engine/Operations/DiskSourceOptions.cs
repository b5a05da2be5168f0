using System.Collections.Generic;
using QedTools.Chains;
using QedTools.Storage;

namespace QedTools;

/// <summary>How the files of a disk are found and opened: the image itself and what is below it.</summary>
public abstract record DiskSourceOptions
{
    private protected DiskSourceOptions()
    {
    }

    /// <summary>The format of the image's own file; null to tell it by the extension and the contents. Says nothing about the files below it.</summary>
    public QedDiskFormat? SourceFormat { get; init; }

    /// <summary>
    /// The backing file or parent of the image for this run, as a path of the host: where it is now, if it was moved. Nothing is changed. Null: the
    /// file that the image names.
    /// </summary>
    public string? SourceBackingFile { get; init; }

    /// <summary>
    /// The only folders, with all folders inside them, that files named by an image may be in: backing files, parents, extents and data files. For
    /// images from elsewhere, which can name any file of this machine. Empty: any folder.
    /// </summary>
    public IReadOnlyCollection<string> BackingFolders { get; init; } = [];

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives what is decided and what happens where in the files; null: nobody does.</summary>
    public OperationTrace? Trace { get; init; }

    /// <summary>How the chain of the image is opened.</summary>
    /// <param name="access">What for.</param>
    /// <exception cref="QedRequestException">One of <see cref="BackingFolders"/> is not a folder.</exception>
    internal ChainPolicy ToPolicy(StorageAccess access) => new(access, AllowUnc)
    {
        TopFormat = SourceFormat,
        TopFormatOption = nameof(SourceFormat),
        TopMayBeDevice = true,
        TopBackingFile = SourceBackingFile,
        Folders = BackingFolderSet.Of(BackingFolders),
        Trace = Trace,
    };
}
