using System;

namespace QedTools.Serving;

/// <summary>Carries out the requests of one client, each on the thread that calls.</summary>
internal sealed class NbdCommands
{
    private const NbdCommandFlags Fua = NbdCommandFlags.ForceUnitAccess;
    private const long MaxCached = 64 << 20;

    private readonly NbdSession _session;
    private readonly NbdExport _export;
    private readonly NbdReplies _replies;
    private readonly NbdReader _reader;
    private readonly NbdExtents _extents;
    private readonly NbdWriter _writer;
    private readonly INbdClientOwner _owner;

    /// <param name="session">What was agreed on.</param>
    /// <param name="output">Where the replies go.</param>
    /// <param name="owner">The server.</param>
    public NbdCommands(NbdSession session, NbdOutput output, INbdClientOwner owner)
    {
        _session = session;
        _export = session.Export;
        _owner = owner;
        _replies = new NbdReplies(session.Style, output);
        _reader = new NbdReader(_export.Disk, _replies, ErrorOf);
        _extents = new NbdExtents(_export.Disk, session.Contexts, _replies, ErrorOf);
        _writer = new NbdWriter(_export, () => owner.IsRefusing);
    }

    /// <summary>Whether a request may take long, so that others should not wait for it.</summary>
    public bool MayTakeLong(in NbdRequest request) => request.Command switch
    {
        NbdCommand.Flush or NbdCommand.Trim or NbdCommand.WriteZeroes or NbdCommand.Cache => true,
        NbdCommand.Write => (request.Flags & Fua) != 0 || _export.IsFlushing,
        _ => false,
    };

    /// <summary>What is wrong with a request, before any data of it is looked at.</summary>
    public NbdError Check(in NbdRequest request)
    {
        if (AllowedFlags(request.Command) is not { } allowed || (request.Flags & ~allowed) != 0)
        {
            return NbdError.Invalid;
        }

        bool isWrite = request.Command == NbdCommand.Write;
        if (isWrite && request.PayloadIn(_session.Style) != request.Length)
        {
            return NbdError.Invalid;
        }

        if (_owner.IsRefusing)
        {
            return NbdError.Shutdown;
        }

        if (request.Command == NbdCommand.Flush)
        {
            return NbdError.None;
        }

        if (!_export.IsWritable && request.Command is NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim)
        {
            return NbdError.NotPermitted;
        }

        ulong size = (ulong)_export.Size;
        if (request.Offset > size || request.Length > size - request.Offset)
        {
            return isWrite || request.Command == NbdCommand.WriteZeroes ? NbdError.NoSpace : NbdError.Invalid;
        }

        return request.Command switch
        {
            NbdCommand.Read when request.Length > NbdLimits.MaxPayload =>
                _session.Style == NbdReplyStyle.Simple ? NbdError.Invalid : NbdError.Overflow,
            NbdCommand.BlockStatus when request.Length == 0 || _session.Contexts == NbdContexts.None => NbdError.Invalid,
            _ => NbdError.None,
        };
    }

    /// <summary>Replies that a request cannot be carried out.</summary>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Refuse(in NbdRequest request, NbdError error, byte[] buffer) => _replies.Fail(request, error, buffer);

    /// <summary>Carries out a request and replies.</summary>
    /// <param name="request">The request, which was checked.</param>
    /// <param name="buffer">For a write, its data, from <see cref="NbdBuffers.HeadBytes"/> on; for others a large buffer, whatever it holds.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Run(in NbdRequest request, byte[] buffer)
    {
        switch (request.Command)
        {
            case NbdCommand.Read:
                _reader.Reply(request, buffer);
                _owner.Totals.AddRead((long)request.Length);
                break;
            case NbdCommand.BlockStatus:
                _extents.Reply(request, buffer);
                break;
            default:
                NbdError error = Change(request, buffer);
                Complete(request, error, buffer);
                break;
        }
    }

    /// <summary>Stores a piece of a request that is too long for one buffer.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="data">The piece.</param>
    /// <returns>The error; none if it was done.</returns>
    public NbdError Write(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            _export.Disk.Write(offset, data);
            _owner.Totals.AddWritten(data.Length);
            return NbdError.None;
        }
        catch (Exception e)
        {
            return ErrorOf(e);
        }
    }

    /// <summary>Replies to a request whose pieces were all stored.</summary>
    /// <param name="request">The request.</param>
    /// <param name="buffer">A buffer that nobody needs.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void CompleteWrite(in NbdRequest request, byte[] buffer) => Complete(request, FlushIfWanted(request), buffer);

    private static NbdCommandFlags? AllowedFlags(NbdCommand command, bool isExtended, bool isStructured) => command switch
    {
        NbdCommand.Read => isStructured ? Fua | NbdCommandFlags.DoNotFragment : Fua,
        NbdCommand.Write => isExtended ? Fua | NbdCommandFlags.PayloadLength : Fua,
        NbdCommand.Flush or NbdCommand.Trim or NbdCommand.Cache => Fua,
        NbdCommand.WriteZeroes => Fua | NbdCommandFlags.NoHole | NbdCommandFlags.FastZero,
        NbdCommand.BlockStatus => Fua | NbdCommandFlags.RequestOne,
        _ => null,
    };

    private NbdCommandFlags? AllowedFlags(NbdCommand command) =>
        AllowedFlags(command, _session.Style == NbdReplyStyle.Extended, _session.Style != NbdReplyStyle.Simple);

    private NbdError Change(in NbdRequest request, byte[] buffer)
    {
        if (request.Command == NbdCommand.Write)
        {
            NbdError failed = Write((long)request.Offset, buffer.AsSpan(NbdBuffers.HeadBytes, (int)request.Length));
            return failed == NbdError.None ? FlushIfWanted(request) : failed;
        }

        try
        {
            switch (request.Command)
            {
                case NbdCommand.Flush:
                    _export.Flush();
                    return NbdError.None;
                case NbdCommand.Cache:
                    Cache((long)request.Offset, (long)request.Length, buffer);
                    return NbdError.None;
                default:
                    NbdError error = request.Command == NbdCommand.Trim ? _writer.Trim(request) : _writer.Zero(request);
                    return error == NbdError.None ? FlushIfWanted(request) : error;
            }
        }
        catch (Exception e)
        {
            return ErrorOf(e);
        }
    }

    private void Cache(long at, long length, byte[] buffer)
    {
        for (long end = at + Math.Min(length, MaxCached); at < end && !_owner.IsRefusing;)
        {
            int count = (int)Math.Min(end - at, NbdBuffers.PieceBytes);
            _export.Disk.Read(at, buffer.AsSpan(0, count));
            at += count;
        }
    }

    private NbdError FlushIfWanted(in NbdRequest request)
    {
        if ((request.Flags & Fua) == 0)
        {
            return NbdError.None;
        }

        try
        {
            _export.Flush();
            return NbdError.None;
        }
        catch (Exception e)
        {
            return ErrorOf(e);
        }
    }

    private void Complete(in NbdRequest request, NbdError error, byte[] buffer)
    {
        if (error == NbdError.None)
        {
            _replies.Succeed(request, buffer);
        }
        else
        {
            _replies.Fail(request, error, buffer);
        }
    }

    private NbdError ErrorOf(Exception e)
    {
        _owner.Report(_export, e);
        return e switch
        {
            QedDiskFullException => NbdError.NoSpace,
            OutOfMemoryException => NbdError.NoMemory,
            _ => NbdError.InputOutput,
        };
    }
}
