using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>How the layers of a chain are opened.</summary>
/// <param name="Access">What for.</param>
/// <param name="AllowUnc">Whether a backing name may lead to another network share.</param>
internal readonly record struct ChainPolicy(StorageAccess Access, bool AllowUnc)
{
    /// <summary>How many layers, from the top, are opened for writing if <see cref="Access"/> says so; those below are read.</summary>
    public int WritableLayers { get; init; } = 1;

    /// <summary>Who is told which layers there are and what happens in them; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }

    /// <summary>What a layer is opened for.</summary>
    /// <param name="depth">0 for the top layer.</param>
    public StorageAccess AccessAt(int depth) =>
        Access == StorageAccess.Write && depth >= WritableLayers ? StorageAccess.Read : Access;
}
