using System;
using System.Buffers.Binary;

namespace QedTools.Serving;

/// <summary>A request as the client sent it; nothing in it has been checked.</summary>
/// <param name="Flags">How to carry it out.</param>
/// <param name="Command">What to do.</param>
/// <param name="Cookie">What the client recognizes the reply by.</param>
/// <param name="Offset">Where on the disk, in bytes.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct NbdRequest(NbdCommandFlags Flags, NbdCommand Command, ulong Cookie, ulong Offset, ulong Length)
{
    /// <summary>The size of its header, in bytes.</summary>
    public static int SizeIn(NbdReplyStyle style) => style == NbdReplyStyle.Extended ? 32 : 28;

    /// <summary>Reads a header.</summary>
    /// <exception cref="NbdProtocolException">It is none.</exception>
    public static NbdRequest Read(ReadOnlySpan<byte> source, NbdReplyStyle style)
    {
        bool isExtended = style == NbdReplyStyle.Extended;
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(source);
        if (magic != (isExtended ? NbdMagic.ExtendedRequest : NbdMagic.Request))
        {
            throw new NbdProtocolException("a request did not begin with the number of a request");
        }

        return new NbdRequest(
            (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(source.Slice(4)),
            (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(source.Slice(6)),
            BinaryPrimitives.ReadUInt64BigEndian(source.Slice(8)),
            BinaryPrimitives.ReadUInt64BigEndian(source.Slice(16)),
            isExtended ? BinaryPrimitives.ReadUInt64BigEndian(source.Slice(24)) : BinaryPrimitives.ReadUInt32BigEndian(source.Slice(24)));
    }

    /// <summary>How many bytes of data follow the header.</summary>
    public ulong PayloadIn(NbdReplyStyle style)
    {
        bool has = style == NbdReplyStyle.Extended ? (Flags & NbdCommandFlags.PayloadLength) != 0 : Command == NbdCommand.Write;
        return has ? Length : 0;
    }
}
