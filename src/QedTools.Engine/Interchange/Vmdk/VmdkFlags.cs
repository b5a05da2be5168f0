using System;

namespace QedTools.Interchange.Vmdk;

/// <summary>What a sparse extent uses ("Virtual Disk Format 5.0", "Hosted Sparse Extents", flags).</summary>
[Flags]
internal enum VmdkFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The line ends in the header must be checked.</summary>
    LineEnds = 1,

    /// <summary>There is a second grain directory, with its own tables.</summary>
    RedundantTables = 2,

    /// <summary>An entry of 1 is a grain of zeroes.</summary>
    ZeroedGrains = 4,

    /// <summary>Grains are compressed.</summary>
    CompressedGrains = 1 << 16,

    /// <summary>There are markers between the grains.</summary>
    Markers = 1 << 17,
}
