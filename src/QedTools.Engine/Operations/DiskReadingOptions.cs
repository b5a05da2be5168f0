using QedTools.Chains;
using QedTools.Storage;

namespace QedTools;

/// <summary>How the contents of a disk are read.</summary>
public record DiskReadingOptions : DiskSourceOptions
{
    private protected DiskReadingOptions()
    {
    }

    /// <summary>The id or the name of an internal snapshot, which is read instead of the disk's present state; an id counts before a name. Null: none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Whether to read images that another process has open for writing; of no effect when writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>How the chain of the image is opened for reading.</summary>
    /// <exception cref="QedRequestException">One of <see cref="DiskSourceOptions.BackingFolders"/> is not a folder.</exception>
    internal virtual ChainPolicy ToPolicy() => ToPolicy(ForceShare ? StorageAccess.Inspect : StorageAccess.Read) with { TopSnapshot = Snapshot };
}
