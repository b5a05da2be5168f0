namespace QedTools.Interchange.Vdi;

/// <summary>How a VDI file stores its disk.</summary>
internal enum VdiImageType : uint
{
    /// <summary>Blocks where there is data.</summary>
    Dynamic = 1,

    /// <summary>All blocks.</summary>
    Fixed = 2,

    /// <summary>Blocks where there is something else than in the parent.</summary>
    Differencing = 4,
}
