namespace QedTools.Serving;

/// <summary>The kinds of replies to an option (NBD_REP_...).</summary>
internal enum NbdOptionReply : uint
{
    /// <summary>Done.</summary>
    Ack = 1,

    /// <summary>An export.</summary>
    Server = 2,

    /// <summary>A fact about an export.</summary>
    Info = 3,

    /// <summary>A metadata context.</summary>
    MetaContext = 4,

    /// <summary>The option is not known.</summary>
    Unsupported = 0x80000001,

    /// <summary>It is known, but not allowed here.</summary>
    Policy = 0x80000002,

    /// <summary>Its data is not valid, or it is not valid now.</summary>
    Invalid = 0x80000003,

    /// <summary>TLS must begin first.</summary>
    TlsRequired = 0x80000005,

    /// <summary>There is no such export.</summary>
    Unknown = 0x80000006,

    /// <summary>The server is about to end.</summary>
    Shutdown = 0x80000007,

    /// <summary>It is longer than the server allows.</summary>
    TooBig = 0x80000009,

    /// <summary>Extended headers were agreed on and cannot be given up.</summary>
    ExtendedHeadersRequired = 0x8000000a,
}
