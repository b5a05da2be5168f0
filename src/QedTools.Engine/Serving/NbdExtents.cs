using System;
using System.Buffers.Binary;
using QedTools.Disks;

namespace QedTools.Serving;

/// <summary>Replies to questions about what a range of the disk holds.</summary>
/// <param name="disk">The disk.</param>
/// <param name="contexts">What was agreed on.</param>
/// <param name="replies">Sends the replies.</param>
/// <param name="onError">Is told of an error of the disk, and says what the client is told.</param>
internal sealed class NbdExtents(IDisk disk, NbdContexts contexts, NbdReplies replies, Func<Exception, NbdError> onError)
{
    private const int MaxDescriptors = 8000;
    private const int MaxLookups = 1 << 16;
    private const uint Hole = 1;
    private const uint Zero = 2;

    private readonly bool _isExtended = replies.Style == NbdReplyStyle.Extended;

    /// <summary>Looks and replies; one chunk for each context.</summary>
    /// <param name="request">The request, for a range of the disk of at least one byte.</param>
    /// <param name="buffer">A large buffer.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Reply(in NbdRequest request, byte[] buffer)
    {
        int used = 0;
        for (NbdContexts rest = contexts; rest != NbdContexts.None;)
        {
            NbdContexts context = (NbdContexts)((int)rest & -(int)rest);
            rest &= ~context;
            try
            {
                used = Write(buffer, used, request, context, isLast: rest == NbdContexts.None);
            }
            catch (Exception e)
            {
                used = replies.WriteError(buffer, 0, request, onError(e), offset: null);
                break;
            }
        }

        replies.Output.Send(buffer, 0, used);
    }

    private int Write(byte[] buffer, int start, in NbdRequest request, NbdContexts context, bool isLast)
    {
        int payload = start + NbdReply.HeaderSizeIn(replies.Style);
        int at = payload + (_isExtended ? 8 : 4);
        int count = 0;
        foreach ((long length, uint status) in new StatusRuns(disk, context, request))
        {
            at = WriteDescriptor(buffer, at, length, status);
            if (++count == MaxDescriptors || (request.Flags & NbdCommandFlags.RequestOne) != 0)
            {
                break;
            }
        }

        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(payload), (uint)context);
        if (_isExtended)
        {
            BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(payload + 4), (uint)count);
        }

        NbdChunkType type = _isExtended ? NbdChunkType.BlockStatusExtended : NbdChunkType.BlockStatus;
        NbdReply.WriteChunk(buffer.AsSpan(start), replies.Style, request, type, isLast, (uint)(at - payload));
        return at;
    }

    private int WriteDescriptor(byte[] buffer, int at, long length, uint status)
    {
        if (_isExtended)
        {
            BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(at), length);
            BinaryPrimitives.WriteUInt64BigEndian(buffer.AsSpan(at + 8), status);
            return at + 16;
        }

        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(at), (uint)length);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(at + 4), status);
        return at + 8;
    }

    private static uint StatusOf(in DiskExtent extent, NbdContexts context) => (context, extent.State) switch
    {
        (NbdContexts.Allocation, QedExtentState.Zero or QedExtentState.Unallocated) => Hole | Zero,
        (NbdContexts.Allocation, _) => 0,
        (_, QedExtentState.Unallocated) => 0,
        _ => (uint)extent.Depth + 1,
    };

    /// <summary>The ranges of a request that differ in their status. An error ends them, unless it comes first.</summary>
    private readonly struct StatusRuns(IDisk disk, NbdContexts context, NbdRequest request)
    {
        public Enumerator GetEnumerator() => new(disk, context, (long)request.Offset, (long)(request.Offset + request.Length));

        public struct Enumerator(IDisk disk, NbdContexts context, long at, long end)
        {
            private int _lookups;
            private long _length;
            private uint _status;

            public (long Length, uint Status) Current { get; private set; }

            public bool MoveNext()
            {
                while (at < end && _lookups < MaxLookups && TryGetNext(out DiskExtent extent))
                {
                    at = extent.End;
                    uint status = StatusOf(extent, context);
                    if (_length > 0 && status != _status)
                    {
                        Current = (_length, _status);
                        (_length, _status) = (extent.Length, status);
                        return true;
                    }

                    (_length, _status) = (_length + extent.Length, status);
                }

                at = end;
                Current = (_length, _status);
                _length = 0;
                return Current.Length > 0;
            }

            private bool TryGetNext(out DiskExtent extent)
            {
                try
                {
                    extent = disk.ExtentAt(at, end - at);
                    _lookups++;
                    return true;
                }
                catch (QedException) when (_lookups > 0)
                {
                    extent = default;
                    return false;
                }
            }
        }
    }
}
