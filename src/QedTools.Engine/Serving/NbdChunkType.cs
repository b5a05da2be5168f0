namespace QedTools.Serving;

/// <summary>The kinds of chunks that a structured reply consists of (NBD_REPLY_TYPE_...).</summary>
internal enum NbdChunkType : ushort
{
    /// <summary>Nothing more to say.</summary>
    None = 0,

    /// <summary>Data.</summary>
    OffsetData = 1,

    /// <summary>A range of zeroes.</summary>
    OffsetHole = 2,

    /// <summary>The extents of a range.</summary>
    BlockStatus = 5,

    /// <summary>The extents of a range, with 64-bit lengths.</summary>
    BlockStatusExtended = 6,

    /// <summary>An error.</summary>
    Error = 0x8001,

    /// <summary>An error at an offset.</summary>
    ErrorOffset = 0x8002,
}
