namespace QedTools;

/// <summary>How large the result of a conversion will be.</summary>
public sealed record QedMeasure
{
    /// <summary>The source's full path.</summary>
    public required string Path { get; init; }

    /// <summary>The source's file name, without the folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The format of the result, such as "QED".</summary>
    public required string Format { get; init; }

    /// <summary>The size of the disk in the result, in bytes.</summary>
    public required long VirtualSize { get; init; }

    /// <summary>The length of the result's file, in bytes; of a disk in two files, that of both.</summary>
    public required long RequiredBytes { get; init; }

    /// <summary>
    /// The space that the file takes at most on a file system with holes, in bytes: data in pages of 4 KiB, and all the rest of the file. A fully
    /// allocated file has no holes, and this is <see cref="RequiredBytes"/>.
    /// </summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>The length that the file would have if the whole disk were data, in bytes.</summary>
    public required long FullyAllocatedBytes { get; init; }

    /// <summary>The backing file of the result; null for none.</summary>
    public string? BackingFile { get; init; }

    /// <summary>
    /// Whether the result can be smaller: because it is compressed, or because zeroes that the source stores as data were not looked for. Otherwise
    /// <see cref="RequiredBytes"/> is exact.
    /// </summary>
    public required bool IsUpperBound { get; init; }

    /// <summary>Format and length in one line.</summary>
    public override string ToString() => $"{Format}, {ByteSize.Format(RequiredBytes)}";
}
