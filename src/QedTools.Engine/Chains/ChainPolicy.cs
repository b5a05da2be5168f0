using System.Collections.Generic;
using System.Linq;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>How the layers of a chain are opened.</summary>
/// <param name="Access">The access.</param>
/// <param name="AllowUnc">Whether a backing name may lead to another network share.</param>
internal readonly record struct ChainPolicy(StorageAccess Access, bool AllowUnc)
{
    /// <summary>Which layers besides the top one are opened for writing if <see cref="Access"/> says so, by depth; the others are read.</summary>
    public IReadOnlyCollection<int> FurtherWritable { get; init; } = [];

    /// <summary>The format that the caller names for the top layer, which overrides its extension and its contents; null if none is named.</summary>
    public QedDiskFormat? TopFormat { get; init; }

    /// <summary>The option of the operation that <see cref="TopFormat"/> comes from, for warnings about a format in doubt; null if it has none.</summary>
    public string? TopFormatOption { get; init; }

    /// <summary>The name or id of the snapshot of the top layer that is read instead of its current state; null for none.</summary>
    public string? TopSnapshot { get; init; }

    /// <summary>The number of the partition that the chain shows instead of the whole disk; null for the whole disk.</summary>
    public int? TopPartition { get; init; }

    /// <summary>Whether the top layer may be a block device, if it is only read. What a layer names never may.</summary>
    public bool TopMayBeDevice { get; init; }

    /// <summary>The file below the top layer, as a path of the host, instead of the one that the layer names; null: the one that it names.</summary>
    public string? TopBackingFile { get; init; }

    /// <summary>The folders that files named by layers may be in; null: any.</summary>
    public BackingFolderSet? Folders { get; init; }

    /// <summary>Receives which layers there are and what happens in them; may be null.</summary>
    public OperationTrace? Trace { get; init; }

    /// <summary>The policy for another disk of the same operation: nothing that is said about the top layer of this one applies to it.</summary>
    public ChainPolicy ForOtherDisk() => this with { TopFormat = null, TopFormatOption = null, TopMayBeDevice = false, TopBackingFile = null, TopSnapshot = null, TopPartition = null };

    /// <summary>What a layer is opened for.</summary>
    /// <param name="depth">0 for the top layer.</param>
    public StorageAccess AccessAt(int depth) =>
        Access == StorageAccess.Write && depth > 0 && !FurtherWritable.Contains(depth) ? StorageAccess.Read : Access;
}
