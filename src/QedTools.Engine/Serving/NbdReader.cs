using System;
using System.Buffers.Binary;
using QedTools.Disks;

namespace QedTools.Serving;

/// <summary>Replies to requests for data. What a disk does not store is neither read nor sent.</summary>
/// <param name="disk">The disk.</param>
/// <param name="replies">Sends the replies.</param>
/// <param name="onError">Is told of an error of the disk, and says what the client is told.</param>
internal sealed class NbdReader(IDisk disk, NbdReplies replies, Func<Exception, NbdError> onError)
{
    // A chunk's header, an offset and the length of a hole.
    private const int MaxChunkOverhead = 32 + 8 + 4;
    private const int ErrorRoom = 256;

    private readonly NbdReplyStyle _style = replies.Style;
    private readonly int _headerBytes = NbdReply.HeaderSizeIn(replies.Style);

    /// <summary>Reads and replies.</summary>
    /// <param name="request">The request, for a range of the disk.</param>
    /// <param name="buffer">A large buffer.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Reply(in NbdRequest request, byte[] buffer)
    {
        if (_style == NbdReplyStyle.Simple)
        {
            ReplySimply(request, buffer);
        }
        else if (request.Length == 0)
        {
            replies.Succeed(request, buffer);
        }
        else if ((request.Flags & NbdCommandFlags.DoNotFragment) != 0)
        {
            ReplyInOneChunk(request, buffer);
        }
        else
        {
            ReplyInChunks(request, buffer);
        }
    }

    private void ReplySimply(in NbdRequest request, byte[] buffer)
    {
        int first = (int)Math.Min(request.Length, NbdBuffers.PieceBytes);
        if (TryRead((long)request.Offset, buffer, NbdBuffers.HeadBytes, first) is var error && error != NbdError.None)
        {
            replies.Fail(request, error, buffer);
            return;
        }

        int start = NbdBuffers.HeadBytes - _headerBytes;
        NbdReply.WriteSimple(buffer.AsSpan(start), request, NbdError.None);
        if (request.Length == (ulong)first)
        {
            replies.Output.Send(buffer, start, _headerBytes + first);
            return;
        }

        SendLong(request, buffer, start, first);
    }

    private void SendLong(NbdRequest request, byte[] buffer, int start, int first) => replies.Output.SendParts(channel =>
    {
        channel.Send(buffer, start, _headerBytes + first);
        long end = (long)(request.Offset + request.Length);
        for (long at = (long)request.Offset + first; at < end;)
        {
            int count = (int)Math.Min(end - at, NbdBuffers.PieceBytes);
            if (TryRead(at, buffer, 0, count) != NbdError.None)
            {
                // The reply has said that there is no error, so the connection is all that can be withdrawn.
                channel.Abort();
                throw new NbdDisconnectedException();
            }

            channel.Send(buffer, 0, count);
            at += count;
        }
    });

    private void ReplyInChunks(in NbdRequest request, byte[] buffer)
    {
        long end = (long)(request.Offset + request.Length);
        int used = 0;
        for (long at = (long)request.Offset; at < end;)
        {
            int room = buffer.Length - used - MaxChunkOverhead - ErrorRoom;
            if (room < Math.Min(end - at, NbdLimits.PreferredBlock))
            {
                replies.Output.Send(buffer, 0, used);
                used = 0;
                continue;
            }

            NbdError error = TryFindExtent(at, end - at, out bool isHole, out long length);
            if (error == NbdError.None && isHole)
            {
                used = WriteHole(buffer, used, request, at, length, isLast: at + length == end);
                at += length;
                continue;
            }

            int count = (int)Math.Min(length, Math.Min(room, NbdBuffers.PieceBytes));
            if (count < length)
            {
                // proto.md, NBD_CMD_READ: chunks should begin and end at multiples of 512 bytes.
                count -= (int)((at + count) % NbdLimits.PreferredBlock);
            }

            if (error == NbdError.None)
            {
                error = TryRead(at, buffer, used + _headerBytes + sizeof(ulong), count);
            }

            if (error != NbdError.None)
            {
                used = replies.WriteError(buffer, used, request, error, at);
                break;
            }

            NbdReply.WriteChunk(buffer.AsSpan(used), _style, request, NbdChunkType.OffsetData, at + count == end, (uint)(sizeof(ulong) + count));
            BinaryPrimitives.WriteUInt64BigEndian(buffer.AsSpan(used + _headerBytes), (ulong)at);
            used += _headerBytes + sizeof(ulong) + count;
            at += count;
        }

        replies.Output.Send(buffer, 0, used);
    }

    private void ReplyInOneChunk(in NbdRequest request, byte[] buffer)
    {
        long start = (long)request.Offset;
        long length = (long)request.Length;
        if (TryFindExtent(start, length, out bool isHole, out long same) == NbdError.None && isHole && same == length)
        {
            replies.Output.Send(buffer, 0, WriteHole(buffer, 0, request, start, length, isLast: true));
            return;
        }

        int first = (int)Math.Min(length, NbdBuffers.PieceBytes);
        int head = _headerBytes + sizeof(ulong);
        if (TryRead(start, buffer, head, first) is var error && error != NbdError.None)
        {
            replies.Output.Send(buffer, 0, replies.WriteError(buffer, 0, request, error, start));
            return;
        }

        NbdReply.WriteChunk(buffer, _style, request, NbdChunkType.OffsetData, isLast: first == length, (uint)(sizeof(ulong) + length));
        BinaryPrimitives.WriteUInt64BigEndian(buffer.AsSpan(_headerBytes), (ulong)start);
        if (first == length)
        {
            replies.Output.Send(buffer, 0, head + first);
            return;
        }

        SendLongChunk(request, buffer, head + first, start + first);
    }

    private void SendLongChunk(NbdRequest request, byte[] buffer, int used, long at) => replies.Output.SendParts(channel =>
    {
        channel.Send(buffer, 0, used);
        SendRest(channel, request, at, (long)(request.Offset + request.Length), buffer);
    });

    // A chunk has the length that its header says: after an error the rest of it is zeroes.
    private void SendRest(NbdChannel channel, in NbdRequest request, long at, long end, byte[] buffer)
    {
        NbdError error = NbdError.None;
        long failedAt = 0;
        while (at < end)
        {
            int count = (int)Math.Min(end - at, NbdBuffers.PieceBytes);
            if (error == NbdError.None)
            {
                error = TryRead(at, buffer, 0, count);
                failedAt = at;
            }

            if (error != NbdError.None)
            {
                buffer.AsSpan(0, count).Clear();
            }

            channel.Send(buffer, 0, count);
            at += count;
        }

        int size = _headerBytes;
        if (error != NbdError.None)
        {
            size = replies.WriteError(buffer, 0, request, error, failedAt);
        }
        else
        {
            NbdReply.WriteChunk(buffer, _style, request, NbdChunkType.None, isLast: true, length: 0);
        }

        channel.Send(buffer, 0, size);
    }

    private int WriteHole(byte[] buffer, int start, in NbdRequest request, long offset, long length, bool isLast)
    {
        Span<byte> chunk = buffer.AsSpan(start);
        NbdReply.WriteChunk(chunk, _style, request, NbdChunkType.OffsetHole, isLast, sizeof(ulong) + sizeof(uint));
        BinaryPrimitives.WriteUInt64BigEndian(chunk.Slice(_headerBytes), (ulong)offset);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.Slice(_headerBytes + sizeof(ulong)), (uint)length);
        return start + _headerBytes + sizeof(ulong) + sizeof(uint);
    }

    // Neighbours of the same kind count as one, up to the length of a piece for data.
    private NbdError TryFindExtent(long offset, long length, out bool isHole, out long found)
    {
        isHole = false;
        found = 0;
        try
        {
            while (found < length && (isHole || found < NbdBuffers.PieceBytes))
            {
                DiskExtent extent = disk.ExtentAt(offset + found, length - found);
                bool isThisHole = extent.State is QedExtentState.Zero or QedExtentState.Unallocated;
                if (found > 0 && isThisHole != isHole)
                {
                    break;
                }

                isHole = isThisHole;
                found += extent.Length;
            }

            return NbdError.None;
        }
        catch (Exception) when (found > 0)
        {
            return NbdError.None; // what comes next is looked at again
        }
        catch (Exception e)
        {
            return onError(e);
        }
    }

    private NbdError TryRead(long offset, byte[] buffer, int start, int count)
    {
        try
        {
            disk.Read(offset, buffer.AsSpan(start, count));
            return NbdError.None;
        }
        catch (Exception e)
        {
            return onError(e);
        }
    }
}
