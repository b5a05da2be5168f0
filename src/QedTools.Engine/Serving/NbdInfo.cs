namespace QedTools.Serving;

/// <summary>The facts about an export that a client can ask for (NBD_INFO_...).</summary>
internal enum NbdInfo : ushort
{
    /// <summary>Its size and flags.</summary>
    Export = 0,

    /// <summary>Its name.</summary>
    Name = 1,

    /// <summary>The sizes of blocks and requests.</summary>
    BlockSize = 3,
}
