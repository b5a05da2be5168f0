using System;

namespace QedTools.Serving;

/// <summary>How a request is to be carried out (NBD_CMD_FLAG_...).</summary>
[Flags]
internal enum NbdCommandFlags : ushort
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>What is written is on the disk before the reply.</summary>
    ForceUnitAccess = 1 << 0,

    /// <summary>Zeroes must take space.</summary>
    NoHole = 1 << 1,

    /// <summary>The data must come in one chunk.</summary>
    DoNotFragment = 1 << 2,

    /// <summary>One extent is enough.</summary>
    RequestOne = 1 << 3,

    /// <summary>Zeroes only if that is faster than writing them.</summary>
    FastZero = 1 << 4,

    /// <summary>The length of an extended request is that of the data behind it.</summary>
    PayloadLength = 1 << 5,
}
