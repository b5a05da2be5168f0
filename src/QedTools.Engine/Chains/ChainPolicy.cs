using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>How the layers of a chain are opened.</summary>
/// <param name="Access">What for: every layer below the first is at most read.</param>
/// <param name="AllowUnc">Whether a backing name may lead to another network share.</param>
internal readonly record struct ChainPolicy(StorageAccess Access, bool AllowUnc)
{
    /// <summary>What layers below the first are opened for.</summary>
    public StorageAccess BackingAccess => Access == StorageAccess.Inspect ? StorageAccess.Inspect : StorageAccess.Read;
}
