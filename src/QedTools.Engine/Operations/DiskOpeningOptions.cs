namespace QedTools;

/// <summary>What an image's contents are opened for.</summary>
public sealed record DiskOpeningOptions : DiskContentsOptions
{
    /// <summary>Whether they may be changed.</summary>
    public bool Writable { get; init; }

    /// <summary>Whether to write to a file that is raw by its extension even if it begins like an image of another format.</summary>
    public bool AllowOtherContents { get; init; }

    /// <summary>Whether to write to a disk even if other images in its folder are based on it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }
}
