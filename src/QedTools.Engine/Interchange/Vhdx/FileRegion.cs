namespace QedTools.Interchange.Vhdx;

/// <summary>A part of a VHDX file.</summary>
/// <param name="Name">What it is called in messages, with its article.</param>
/// <param name="Start">Where it begins in the file, in bytes.</param>
/// <param name="Length">Its length, in bytes.</param>
internal readonly record struct FileRegion(string Name, long Start, long Length)
{
    /// <summary>The first byte after it.</summary>
    public long End => Start + Length;
}
