namespace QedTools.Pictures;

/// <summary>A row of a picture of images that lie over each other.</summary>
/// <param name="Name">The image's name as it is; not yet printable.</param>
/// <param name="Info">The image; null if only its name is known.</param>
/// <param name="Depth">How far it is from the left.</param>
internal readonly record struct ForestRow(string Name, QedOverlayInfo? Info, int Depth)
{
    /// <summary>Whether no other image that lies over the same one follows.</summary>
    public bool IsLast { get; init; }
}
