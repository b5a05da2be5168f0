using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Serving;

/// <summary>Sends the replies that only say whether something was done.</summary>
/// <param name="style">Their form.</param>
/// <param name="output">Where they go.</param>
internal sealed class NbdReplies(NbdReplyStyle style, NbdOutput output)
{
    /// <summary>Their form.</summary>
    public NbdReplyStyle Style => style;

    /// <summary>Where they go.</summary>
    public NbdOutput Output => output;

    /// <summary>It was done.</summary>
    /// <param name="request">The request.</param>
    /// <param name="buffer">A buffer whose beginning nobody needs.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Succeed(in NbdRequest request, byte[] buffer)
    {
        if (style == NbdReplyStyle.Simple)
        {
            NbdReply.WriteSimple(buffer, request, NbdError.None);
        }
        else
        {
            NbdReply.WriteChunk(buffer, style, request, NbdChunkType.None, isLast: true, length: 0);
        }

        output.Send(buffer, 0, NbdReply.HeaderSizeIn(style));
    }

    /// <summary>It was not done.</summary>
    /// <param name="request">The request.</param>
    /// <param name="error">Why.</param>
    /// <param name="buffer">A buffer whose beginning nobody needs.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Fail(in NbdRequest request, NbdError error, byte[] buffer)
    {
        int size = NbdReply.HeaderSizeIn(style);
        if (style == NbdReplyStyle.Simple)
        {
            NbdReply.WriteSimple(buffer, request, error);
        }
        else
        {
            size = WriteError(buffer, 0, request, error, offset: null);
        }

        output.Send(buffer, 0, size);
    }

    /// <summary>Writes the chunk that ends a reply with an error; for structured replies.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="start">Where in it.</param>
    /// <param name="request">The request.</param>
    /// <param name="error">The error.</param>
    /// <param name="offset">Where on the disk it happened, in bytes; null if it concerns the whole request.</param>
    /// <returns>Where the chunk ends in the buffer.</returns>
    public int WriteError(byte[] buffer, int start, in NbdRequest request, NbdError error, long? offset)
    {
        Span<byte> chunk = buffer.AsSpan(start);
        int at = NbdReply.HeaderSizeIn(style);
        string text = TextOf(error);
        int length = Encoding.UTF8.GetBytes(text, 0, text.Length, buffer, start + at + 6);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.Slice(at), (uint)error);
        BinaryPrimitives.WriteUInt16BigEndian(chunk.Slice(at + 4), (ushort)length);
        length += 6;
        if (offset is { } place)
        {
            BinaryPrimitives.WriteUInt64BigEndian(chunk.Slice(at + length), (ulong)place);
            length += sizeof(ulong);
        }

        NbdReply.WriteChunk(chunk, style, request, offset is null ? NbdChunkType.Error : NbdChunkType.ErrorOffset, isLast: true, (uint)length);
        return start + at + length;
    }

    // What a stranger may know: nothing about files.
    private static string TextOf(NbdError error) => error switch
    {
        NbdError.NotPermitted => "The export is read-only.",
        NbdError.InputOutput => "The disk could not be read or written.",
        NbdError.NoMemory => "The server is out of memory.",
        NbdError.Invalid => "The request is not valid.",
        NbdError.NoSpace => "There is no space left, or the disk ends before the end of the request.",
        NbdError.Overflow => "The request is too long.",
        NbdError.NotSupported => "It would not be faster than writing zeroes.",
        NbdError.Shutdown => "The server is about to end.",
        _ => "It failed.",
    };
}
