namespace QedTools.Pictures;

/// <summary>What a picture tells apart. From 0 on: data of the layer of that depth, the deeper ones together.</summary>
internal static class MapShare
{
    /// <summary>How many layers have a share of their own, the last one being the deeper ones together.</summary>
    public const int Layers = 6;

    /// <summary>Zeroes without data, of whatever layer.</summary>
    public const int Zero = Layers;

    /// <summary>What no layer holds.</summary>
    public const int Unallocated = Layers + 1;

    /// <summary>What lies behind damage; it is what is left over, and counted nowhere.</summary>
    public const int Unknown = Layers + 2;

    /// <summary>How many there are to count.</summary>
    public const int Counted = Unknown;

    /// <summary>The share of data in a layer.</summary>
    /// <param name="depth">0 for the image itself.</param>
    public static int OfLayer(int depth) => depth < Layers ? depth : Layers - 1;
}
