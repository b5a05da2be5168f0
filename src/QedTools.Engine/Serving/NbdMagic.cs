namespace QedTools.Serving;

/// <summary>The numbers that begin the messages of the NBD protocol, which is big-endian throughout (doc/proto.md of NetworkBlockDevice/nbd).</summary>
internal static class NbdMagic
{
    /// <summary>Begins the server's greeting: "NBDMAGIC".</summary>
    public const ulong Greeting = 0x4e42444d41474943;

    /// <summary>Begins an option, and follows <see cref="Greeting"/>: "IHAVEOPT".</summary>
    public const ulong Option = 0x49484156454f5054;

    /// <summary>Begins the reply to an option.</summary>
    public const ulong OptionReply = 0x0003e889045565a9;

    /// <summary>Begins a request.</summary>
    public const uint Request = 0x25609513;

    /// <summary>Begins a request with an extended header.</summary>
    public const uint ExtendedRequest = 0x21e41c71;

    /// <summary>Begins a simple reply.</summary>
    public const uint SimpleReply = 0x67446698;

    /// <summary>Begins a chunk of a structured reply.</summary>
    public const uint StructuredReply = 0x668e33ef;

    /// <summary>Begins a chunk of a reply with an extended header.</summary>
    public const uint ExtendedReply = 0x6e8a278c;
}
