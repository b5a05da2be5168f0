namespace QedTools.Partitions.FileSystems;

/// <summary>What the superblock of a file system says about it.</summary>
/// <param name="Name">The kind of file system, as <see cref="QedPartition.FileSystem"/> names it.</param>
/// <param name="Label">Its label; null if it has none.</param>
/// <param name="Id">Its identifier, as blkid writes it; null if it has none.</param>
/// <param name="UsedBytes">How much of it is in use, in bytes; null if the superblock does not say.</param>
internal sealed record FileSystemFacts(string Name, string? Label = null, string? Id = null, long? UsedBytes = null)
{
    /// <summary>The bytes in use, of counts that can be any numbers; null if they are not possible.</summary>
    /// <param name="total">All blocks.</param>
    /// <param name="free">The free ones.</param>
    /// <param name="blockSize">The size of a block, in bytes.</param>
    public static long? Used(ulong total, ulong free, ulong blockSize) =>
        free <= total && blockSize > 0 && total - free <= long.MaxValue / blockSize ? (long)((total - free) * blockSize) : null;
}
