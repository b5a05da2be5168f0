namespace QedTools.Disks;

/// <summary>Counts the data that was shared between files instead of copied.</summary>
internal sealed class SharedBytes
{
    /// <summary>How much it is, in bytes.</summary>
    public long Count { get; set; }
}
