namespace QedTools.Interchange.Vhdx.Format;

/// <summary>What a payload block's entry says about the block ([MS-VHDX], 2.5.1.1).</summary>
internal enum PayloadBlockState
{
    /// <summary>The file has nothing: the block is the parent's, or zeroes without one.</summary>
    NotPresent = 0,

    /// <summary>The contents are undefined; they read as zeroes here.</summary>
    Undefined = 1,

    /// <summary>Zeroes.</summary>
    Zero = 2,

    /// <summary>The disk's user has discarded it; it reads as zeroes here.</summary>
    Unmapped = 3,

    /// <summary>What <see cref="Unmapped"/> was in version 0.95 of the specification; reserved since.</summary>
    UnmappedBefore = 5,

    /// <summary>All of it is in the file.</summary>
    FullyPresent = 6,

    /// <summary>The sectors whose bits are set in the sector bitmap are in the file, the others are the parent's.</summary>
    PartiallyPresent = 7,
}
