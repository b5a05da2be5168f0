namespace QedTools.Disks;

/// <summary>The 512-byte sectors in which disks and most formats count.</summary>
internal static class Sector
{
    /// <summary>A sector's size, in bytes.</summary>
    public const int Size = 512;

    /// <summary>The largest size that is a whole number of sectors, in bytes.</summary>
    public const long MaxSize = long.MaxValue & ~(Size - 1L);

    /// <summary>Rounds a size up to whole sectors, in bytes; saturates at the largest size.</summary>
    public static long RoundUp(long bytes) => bytes > MaxSize ? MaxSize : (bytes + Size - 1) & ~(Size - 1L);
}
