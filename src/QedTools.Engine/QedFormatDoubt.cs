namespace QedTools;

/// <summary>The format of a file was not certain, so the user should know which one was assumed.</summary>
/// <param name="Path">The file.</param>
/// <param name="Facts">Which format was assumed, and why that may be wrong.</param>
/// <param name="Remedy">What can be done about the file itself; empty if nothing can.</param>
/// <param name="ReadAs">The format that was assumed.</param>
/// <param name="Other">The format of its contents, if different; null if that is not a format that can be read.</param>
public sealed record QedFormatDoubt(string Path, string Facts, string Remedy, QedDiskFormat ReadAs, QedDiskFormat? Other)
{
    /// <summary>The option of the operation that names the file's format and so resolves the doubt, such as "SourceFormat"; null if it has none.</summary>
    public string? FormatOption { get; init; }
}
