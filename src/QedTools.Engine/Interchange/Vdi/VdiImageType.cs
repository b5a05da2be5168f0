namespace QedTools.Interchange.Vdi;

/// <summary>How a VDI file stores its disk.</summary>
internal enum VdiImageType : uint
{
    /// <summary>Blocks where there is data.</summary>
    Dynamic = 1,

    /// <summary>All blocks.</summary>
    Fixed = 2,

    /// <summary>Blocks where the disk differs from its parent's.</summary>
    Differencing = 4,
}
