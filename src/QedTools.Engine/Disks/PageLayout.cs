namespace QedTools.Disks;

/// <summary>Where the pages of a <see cref="PageCache{T}"/> are, and how many are kept.</summary>
/// <param name="PageBytes">A page's size, in bytes: a multiple of an entry's.</param>
/// <param name="MaxPages">The maximum number of pages kept.</param>
internal readonly record struct PageLayout(int PageBytes, int MaxPages)
{
    /// <summary>Where in the file a page begins, in bytes.</summary>
    public long Origin { get; init; }

    /// <summary>The byte order of an entry in the file.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>Whether changed pages stay in memory until they are written back, because their owner orders them among other writes.</summary>
    public bool KeepsChanges { get; init; }
}
