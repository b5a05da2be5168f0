namespace QedTools.Storage;

/// <summary>The part of a range that consists of whole blocks in both files, so that they can be shared.</summary>
/// <param name="Head">How much of the range comes before it, in bytes: less than a block.</param>
/// <param name="Length">Its length, in bytes: whole blocks, at least one.</param>
internal readonly record struct SharedPart(long Head, long Length)
{
    /// <summary>Finds the part.</summary>
    /// <param name="offset">Where the range is in one file, in bytes.</param>
    /// <param name="otherOffset">Where it is in the other, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="unit">The size of a block, in bytes.</param>
    /// <param name="part">The part.</param>
    /// <returns>False if the range has no whole block that begins at a block in both files.</returns>
    public static bool TryFind(long offset, long otherOffset, long length, int unit, out SharedPart part)
    {
        long head = (unit - (offset % unit)) % unit;
        long whole = length - head - ((length - head) % unit);
        part = new SharedPart(head, whole);
        return (offset - otherOffset) % unit == 0 && whole > 0;
    }
}
