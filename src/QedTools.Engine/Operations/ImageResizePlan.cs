namespace QedTools;

/// <summary>What a change of a disk's size would do.</summary>
/// <param name="OldSize">The size now, in bytes.</param>
/// <param name="NewSize">The size afterwards, in bytes: what was requested, in whole sectors.</param>
/// <param name="DiscardedBytes">How many bytes of data stored in the image would be lost.</param>
public sealed record ImageResizePlan(long OldSize, long NewSize, long DiscardedBytes)
{
    /// <summary>The two sizes.</summary>
    public override string ToString() => $"{ByteSize.Format(OldSize)} -> {ByteSize.Format(NewSize)}";
}
