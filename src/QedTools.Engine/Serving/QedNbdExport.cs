namespace QedTools;

/// <summary>A disk that a server offers.</summary>
/// <param name="Name">The name that clients choose it by.</param>
/// <param name="Path">The image's full path.</param>
/// <param name="Size">The disk's size, in bytes.</param>
/// <param name="IsReadOnly">Whether clients cannot write to it.</param>
/// <param name="IsTemporary">Whether what clients write vanishes when the server ends.</param>
public sealed record QedNbdExport(string Name, string Path, long Size, bool IsReadOnly, bool IsTemporary)
{
    /// <summary>The name, or the path where the name is empty.</summary>
    public override string ToString() => Name.Length > 0 ? Name : Path;
}
