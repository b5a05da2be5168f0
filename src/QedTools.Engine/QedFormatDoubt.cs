namespace QedTools;

/// <summary>The format of a file was not certain, so that the user should know what it was taken for.</summary>
/// <param name="Path">The file.</param>
/// <param name="Facts">What it was taken for, and why that may be wrong.</param>
/// <param name="Remedy">What can be done about the file itself; empty if there is nothing.</param>
/// <param name="ReadAs">The format that it was taken for.</param>
/// <param name="Other">The format that its contents are of instead; null if none that is read.</param>
public sealed record QedFormatDoubt(string Path, string Facts, string Remedy, QedDiskFormat ReadAs, QedDiskFormat? Other)
{
    /// <summary>The option of the operation that names the file's format and so ends the doubt, such as "SourceFormat"; null if it has none.</summary>
    public string? FormatOption { get; init; }
}
