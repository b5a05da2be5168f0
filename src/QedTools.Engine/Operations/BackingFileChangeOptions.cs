namespace QedTools;

/// <summary>Which backing file an image is to name.</summary>
public sealed record BackingFileChangeOptions
{
    /// <summary>The name, stored as it is; a relative name is relative to the image's folder. Null for no backing file any more.</summary>
    public string? BackingFile { get; init; }

    /// <summary>What to record about its format; null: raw if it has no known magic number.</summary>
    public QedBackingFormat? BackingFormat { get; init; }

    /// <summary>Whether the file need not exist.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Whether what reads differently from the new backing file is copied into the image first, so that the disk reads the same.</summary>
    public bool PreserveContent { get; init; }

    /// <summary>Whether a backing name may lead to another network share; for reading the contents to preserve.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
