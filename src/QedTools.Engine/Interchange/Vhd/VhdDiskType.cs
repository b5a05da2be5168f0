namespace QedTools.Interchange.Vhd;

/// <summary>How a VHD file stores its disk (VHD 1.0, "Hard Disk Footer Format", Disk Type).</summary>
internal enum VhdDiskType : uint
{
    /// <summary>The disk's bytes in order, then the footer.</summary>
    Fixed = 2,

    /// <summary>Blocks where there is data.</summary>
    Dynamic = 3,

    /// <summary>Blocks where the disk differs from its parent's.</summary>
    Differencing = 4,
}
