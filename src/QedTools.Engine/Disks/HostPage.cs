namespace QedTools.Disks;

/// <summary>The unit in which most file systems keep data and holes.</summary>
internal static class HostPage
{
    /// <summary>Its size, in bytes.</summary>
    public const int Size = 4096;
}
