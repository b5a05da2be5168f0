namespace QedTools.Serving;

/// <summary>What a request asks for (NBD_CMD_...).</summary>
internal enum NbdCommand : ushort
{
    /// <summary>Data.</summary>
    Read = 0,

    /// <summary>To store data.</summary>
    Write = 1,

    /// <summary>To end the connection; there is no reply.</summary>
    Disconnect = 2,

    /// <summary>That what was written is on the disk.</summary>
    Flush = 3,

    /// <summary>To forget a range.</summary>
    Trim = 4,

    /// <summary>To prepare for reading a range.</summary>
    Cache = 5,

    /// <summary>To make a range zero.</summary>
    WriteZeroes = 6,

    /// <summary>What a range holds.</summary>
    BlockStatus = 7,
}
