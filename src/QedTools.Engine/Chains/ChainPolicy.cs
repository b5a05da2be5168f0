using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>How the layers of a chain are opened.</summary>
/// <param name="Access">What for.</param>
/// <param name="AllowUnc">Whether a backing name may lead to another network share.</param>
internal readonly record struct ChainPolicy(StorageAccess Access, bool AllowUnc)
{
    /// <summary>How many layers, from the top, are opened for writing if <see cref="Access"/> says so; those below are read.</summary>
    public int WritableLayers { get; init; } = 1;

    /// <summary>The format that the caller names for the top layer, which decides whatever its extension and its contents say; null: none is named.</summary>
    public QedDiskFormat? TopFormat { get; init; }

    /// <summary>The option of the operation that <see cref="TopFormat"/> comes from, for what is said of a format in doubt; null if it has none.</summary>
    public string? TopFormatOption { get; init; }

    /// <summary>The name or id of the snapshot of the top layer that is read instead of what its disk is now; null for none.</summary>
    public string? TopSnapshot { get; init; }

    /// <summary>Who is told which layers there are and what happens in them; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }

    /// <summary>What a layer is opened for.</summary>
    /// <param name="depth">0 for the top layer.</param>
    public StorageAccess AccessAt(int depth) =>
        Access == StorageAccess.Write && depth >= WritableLayers ? StorageAccess.Read : Access;
}
