namespace QedTools;

/// <summary>What a merge moved.</summary>
public sealed record QedMergeResult
{
    /// <summary>The overlay.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The file below it that it was merged into.</summary>
    public required string BackingFilePath { get; init; }

    /// <summary>How much data was written to the backing file, in bytes.</summary>
    public required long BytesMerged { get; init; }

    /// <summary>How much of the backing file was zeroed, in bytes.</summary>
    public required long BytesZeroed { get; init; }

    /// <summary>How much data was first copied into the layer above the backing file, in bytes, so that the layers between read as before; 0 without such layers.</summary>
    public long BytesPreserved { get; init; }

    /// <summary>Whether the overlay is empty now. If there were layers between, its backing file is then the file that it was merged into.</summary>
    public required bool IsEmptied { get; init; }

    /// <summary>The two files.</summary>
    public override string ToString() => $"{Path} -> {BackingFilePath}";
}
