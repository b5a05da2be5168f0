using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A file that holds the grains of a disk, or of a part of one. Where it has no grain, the parent's disk shows through.</summary>
/// <param name="storage">The file.</param>
internal abstract class VmdkExtent(IStorage storage)
{
    /// <summary>The file.</summary>
    public IStorage Storage { get; } = storage;

    /// <summary>How long the file was when it was opened, in bytes.</summary>
    protected long FileLength { get; } = storage.Length;

    /// <summary>How much of a disk it holds, in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>A grain's size, in bytes.</summary>
    public abstract int GrainSize { get; }

    /// <summary>The disk that it forms together with its parent.</summary>
    /// <param name="parent">The same part of the parent's disk; null if there is none or it is left out.</param>
    public abstract IDisk ToDisk(IDisk? parent);

    /// <summary>The error for a field that has a value which the format does not allow.</summary>
    protected static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);
}
