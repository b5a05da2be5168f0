using System.Collections.Generic;

namespace QedTools.Tests.Serving;

/// <summary>A complete reply to a request.</summary>
internal sealed class NbdTestReply(ulong cookie)
{
    public ulong Cookie => cookie;

    /// <summary>The error; 0 if there was none.</summary>
    public uint Error { get; set; }

    /// <summary>Where it happened, in bytes; null if the reply does not say.</summary>
    public ulong? ErrorOffset { get; set; }

    /// <summary>The text that came with it.</summary>
    public string Message { get; set; } = string.Empty;

    /// <summary>For a read, what the range holds, as far as it came.</summary>
    public byte[] Data { get; set; } = [];

    /// <summary>For a read with chunks: those with contents, in the order in which they came.</summary>
    public List<(ulong Offset, long Length, bool IsHole)> Contents { get; } = [];

    /// <summary>For a block status: the extents of each context, by its ID.</summary>
    public Dictionary<uint, List<(ulong Length, ulong Flags)>> Extents { get; } = [];
}
