namespace QedTools.Tests.Serving;

/// <summary>
/// The numbers of the NBD protocol, copied from doc/proto.md of NetworkBlockDevice/nbd and its branch extension-ext-header, not from the engine.
/// </summary>
internal static class Nbd
{
    public const ulong Greeting = 0x4e42444d41474943;
    public const ulong OptionMagic = 0x49484156454f5054;
    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint ExtendedRequestMagic = 0x21e41c71;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;
    public const uint ExtendedReplyMagic = 0x6e8a278c;

    public const int FixedNewstyle = 1;
    public const int NoZeroes = 2;

    public const uint OptExportName = 1;
    public const uint OptAbort = 2;
    public const uint OptList = 3;
    public const uint OptStartTls = 5;
    public const uint OptInfo = 6;
    public const uint OptGo = 7;
    public const uint OptStructuredReply = 8;
    public const uint OptListMetaContext = 9;
    public const uint OptSetMetaContext = 10;
    public const uint OptExtendedHeaders = 11;

    public const uint RepAck = 1;
    public const uint RepServer = 2;
    public const uint RepInfo = 3;
    public const uint RepMetaContext = 4;
    public const uint RepError = 1u << 31;
    public const uint ErrUnsup = RepError + 1;
    public const uint ErrPolicy = RepError + 2;
    public const uint ErrInvalid = RepError + 3;
    public const uint ErrTlsRequired = RepError + 5;
    public const uint ErrUnknown = RepError + 6;
    public const uint ErrShutdown = RepError + 7;
    public const uint ErrTooBig = RepError + 9;
    public const uint ErrExtendedRequired = RepError + 10;

    public const ushort InfoExport = 0;
    public const ushort InfoName = 1;
    public const ushort InfoDescription = 2;
    public const ushort InfoBlockSize = 3;

    public const int FlagHasFlags = 1 << 0;
    public const int FlagReadOnly = 1 << 1;
    public const int FlagSendFlush = 1 << 2;
    public const int FlagSendFua = 1 << 3;
    public const int FlagRotational = 1 << 4;
    public const int FlagSendTrim = 1 << 5;
    public const int FlagSendWriteZeroes = 1 << 6;
    public const int FlagSendDf = 1 << 7;
    public const int FlagCanMultiConn = 1 << 8;
    public const int FlagSendCache = 1 << 10;
    public const int FlagSendFastZero = 1 << 11;

    public const ushort CmdRead = 0;
    public const ushort CmdWrite = 1;
    public const ushort CmdDisc = 2;
    public const ushort CmdFlush = 3;
    public const ushort CmdTrim = 4;
    public const ushort CmdCache = 5;
    public const ushort CmdWriteZeroes = 6;
    public const ushort CmdBlockStatus = 7;
    public const ushort CmdResize = 8;

    public const ushort Fua = 1 << 0;
    public const ushort NoHole = 1 << 1;
    public const ushort Df = 1 << 2;
    public const ushort ReqOne = 1 << 3;
    public const ushort FastZero = 1 << 4;
    public const ushort PayloadLen = 1 << 5;

    public const ushort ChunkNone = 0;
    public const ushort ChunkData = 1;
    public const ushort ChunkHole = 2;
    public const ushort ChunkStatus = 5;
    public const ushort ChunkStatusExtended = 6;
    public const ushort ChunkError = (1 << 15) + 1;
    public const ushort ChunkErrorOffset = (1 << 15) + 2;
    public const ushort ChunkDone = 1;

    public const uint EPerm = 1;
    public const uint EIo = 5;
    public const uint EInval = 22;
    public const uint ENoSpc = 28;
    public const uint EOverflow = 75;
    public const uint ENotSup = 95;
    public const uint EShutdown = 108;

    public const uint StateHole = 1;
    public const uint StateZero = 2;

    public const int MaxPayload = 32 << 20;
    public const string Allocation = "base:allocation";
    public const string Depth = "qemu:allocation-depth";
}
