using System;
using System.Buffers.Binary;

namespace QedTools.Serving;

/// <summary>The headers of replies.</summary>
internal static class NbdReply
{
    private const ushort Done = 1;

    /// <summary>The size of a reply's or a chunk's header, in bytes.</summary>
    public static int HeaderSizeIn(NbdReplyStyle style) => style switch
    {
        NbdReplyStyle.Simple => 16,
        NbdReplyStyle.Structured => 20,
        _ => 32,
    };

    /// <summary>Writes the header of a simple reply.</summary>
    public static void WriteSimple(Span<byte> target, in NbdRequest request, NbdError error)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, NbdMagic.SimpleReply);
        BinaryPrimitives.WriteUInt32BigEndian(target.Slice(4), (uint)error);
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice(8), request.Cookie);
    }

    /// <summary>Writes the header of a chunk.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="style">Structured or extended.</param>
    /// <param name="request">The request that it replies to.</param>
    /// <param name="type">Its type.</param>
    /// <param name="isLast">Whether the reply ends with it.</param>
    /// <param name="length">How many bytes follow the header.</param>
    public static void WriteChunk(Span<byte> target, NbdReplyStyle style, in NbdRequest request, NbdChunkType type, bool isLast, uint length)
    {
        bool isExtended = style == NbdReplyStyle.Extended;
        BinaryPrimitives.WriteUInt32BigEndian(target, isExtended ? NbdMagic.ExtendedReply : NbdMagic.StructuredReply);
        BinaryPrimitives.WriteUInt16BigEndian(target.Slice(4), isLast ? Done : (ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(target.Slice(6), (ushort)type);
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice(8), request.Cookie);
        if (isExtended)
        {
            BinaryPrimitives.WriteUInt64BigEndian(target.Slice(16), request.Offset);
            BinaryPrimitives.WriteUInt64BigEndian(target.Slice(24), length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(target.Slice(16), length);
        }
    }
}
