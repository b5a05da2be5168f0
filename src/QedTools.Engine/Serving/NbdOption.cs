namespace QedTools.Serving;

/// <summary>What a client asks for during the handshake (NBD_OPT_...).</summary>
internal enum NbdOption : uint
{
    /// <summary>Chooses an export and ends the handshake; errors cannot be reported.</summary>
    ExportName = 1,

    /// <summary>Ends the connection.</summary>
    Abort = 2,

    /// <summary>Lists the exports.</summary>
    List = 3,

    /// <summary>Begins TLS.</summary>
    StartTls = 5,

    /// <summary>Describes an export.</summary>
    Info = 6,

    /// <summary>Chooses an export and ends the handshake.</summary>
    Go = 7,

    /// <summary>Asks for structured replies.</summary>
    StructuredReply = 8,

    /// <summary>Lists metadata contexts.</summary>
    ListMetaContext = 9,

    /// <summary>Chooses metadata contexts.</summary>
    SetMetaContext = 10,

    /// <summary>Asks for extended headers, with 64-bit lengths.</summary>
    ExtendedHeaders = 11,
}
