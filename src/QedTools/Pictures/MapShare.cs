namespace QedTools.Pictures;

/// <summary>The kinds of content that a picture distinguishes. From 0 on: data of the layer at that depth, with the deepest layers combined.</summary>
internal static class MapShare
{
    /// <summary>The number of shares for layers; the last one combines all deeper layers.</summary>
    public const int Layers = 6;

    /// <summary>Zeroes without stored data, of any layer.</summary>
    public const int Zero = Layers;

    /// <summary>Parts that no layer has allocated.</summary>
    public const int Unallocated = Layers + 1;

    /// <summary>Parts after damage. They are computed as the remainder and never counted.</summary>
    public const int Unknown = Layers + 2;

    /// <summary>The number of shares that are counted.</summary>
    public const int Counted = Unknown;

    /// <summary>The share of data in a layer.</summary>
    /// <param name="depth">0 for the image itself.</param>
    public static int OfLayer(int depth) => depth < Layers ? depth : Layers - 1;
}
