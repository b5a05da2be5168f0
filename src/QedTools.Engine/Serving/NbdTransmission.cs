using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace QedTools.Serving;

/// <summary>The second part of a connection: requests and replies, until one side ends it.</summary>
/// <remarks>
/// <para>One thread, the leader, receives. It carries out most requests itself, because waking another thread takes longer than reading what the host
/// has in memory. What may take long goes to a few other threads, which start when there is something to do.</para>
/// <para>If the leader is held up all the same, the server's <see cref="NbdWatch"/> makes another thread the leader; the old one finishes what it is doing
/// and becomes one of the others. So no request waits for another one for long, whatever the disk does.</para>
/// </remarks>
internal sealed class NbdTransmission
{
    // After the leader was held up, so many requests go to other threads.
    private const int CarefulRequests = 256;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<Work> _queue = new();
    private readonly NbdChannel _channel;
    private readonly NbdInput _input;
    private readonly NbdCommands _commands;
    private readonly NbdReplyStyle _style;
    private readonly INbdClientOwner _owner;

    // All but the last two under the gate. The state is even while the leader receives and odd while it carries out a request; it grows by two with
    // every new leader, so that an old one notices.
    private int _threads;
    private int _idle;
    private int _leastIdle;
    private long _leastIdleSince;
    private int _inFlight;
    private long _waitingBytes;
    private bool _leaderWanted;
    private bool _leaderWaits;
    private bool _isOver;
    private volatile bool _isBroken;
    private int _careful;
    private int _state;
    private long _busySince;

    /// <param name="session">What was agreed on.</param>
    /// <param name="channel">The connection.</param>
    /// <param name="input">What it receives.</param>
    /// <param name="owner">The server.</param>
    public NbdTransmission(NbdSession session, NbdChannel channel, NbdInput input, INbdClientOwner owner)
    {
        _channel = channel;
        _input = input;
        _style = session.Style;
        _owner = owner;
        _commands = new NbdCommands(session, new NbdOutput(channel), owner);
        _leastIdleSince = Time;
    }

    /// <summary>How many threads work for the client, or wait for something to do.</summary>
    public int Threads
    {
        get
        {
            lock (_gate)
            {
                return _threads;
            }
        }
    }

    private long Time => _owner.Watch?.Time ?? NbdWatch.Now;

    /// <summary>Serves the client until the connection is over and nothing works for it any more.</summary>
    public void Run()
    {
        _threads = 1;
        Participate(isOwner: true);
        lock (_gate)
        {
            while (_threads > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Makes another thread the leader if this one has been held up for too long.</summary>
    /// <param name="now">The time, as <see cref="NbdWatch.Now"/> tells it.</param>
    /// <param name="patience">How long is not too long.</param>
    /// <returns>Whether the leader is carrying out a request, so that it may be held up later.</returns>
    public bool Relieve(long now, long patience)
    {
        int state = Volatile.Read(ref _state);
        if ((state & 1) == 0)
        {
            return false;
        }

        if (now - Volatile.Read(ref _busySince) < patience)
        {
            return true;
        }

        lock (_gate)
        {
            // An idle thread may be on its way to a request that was handed over.
            bool isFree = _idle > _queue.Count;
            if (_isOver || _leaderWanted || (!isFree && _threads >= NbdLimits.MaxThreads)
                || Interlocked.CompareExchange(ref _state, state + 1, state) != state)
            {
                return true;
            }

            _leaderWanted = true;
            Volatile.Write(ref _careful, CarefulRequests);
            if (isFree)
            {
                Monitor.Pulse(_gate);
            }
            else
            {
                TryStartThread();
            }
        }

        return true;
    }

    // Only the thread that owns the connection stays until the end; others leave when there is nothing to do for long.
    private void Participate(bool isOwner)
    {
        byte[]? buffer = null;
        bool leads = isOwner;
        Work work = default;
        try
        {
            if (!isOwner && !TryTakeWork(isOwner, ref buffer, out work, out leads))
            {
                return;
            }

            do
            {
                buffer ??= NbdBuffers.Large.Rent();
                if (leads)
                {
                    Lead(ref buffer);
                }
                else
                {
                    Run(work, buffer);
                }
            }
            while (TryTakeWork(isOwner, ref buffer, out work, out leads));
        }
        catch (NbdDisconnectedException)
        {
            Break();
        }
        catch (NbdProtocolException e)
        {
            _owner.Explain($"A client was disconnected: {e.Message}.");
            Break();
        }
        catch (Exception e)
        {
            _owner.Report(export: null, e);
            Break();
        }
        finally
        {
            GiveUp(ref buffer);
            lock (_gate)
            {
                _threads--;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void Lead(ref byte[] buffer)
    {
        int state = Volatile.Read(ref _state);
        while (!_isBroken && _input.TryFill(NbdRequest.SizeIn(_style)))
        {
            NbdRequest request = NbdRequest.Read(_input.Take(NbdRequest.SizeIn(_style)), _style);
            if (request.Command == NbdCommand.Disconnect)
            {
                break;
            }

            NbdError error = _commands.Check(request);
            ulong payload = request.PayloadIn(_style);
            if (payload > NbdLimits.MaxPayload)
            {
                throw new NbdProtocolException("it sent more data than is allowed in one request");
            }

            bool isLong = payload > NbdBuffers.PieceBytes;
            if (error != NbdError.None)
            {
                _input.Skip((long)payload);
            }
            else if (isLong)
            {
                error = WriteInPieces(request, buffer);
            }
            else if (payload > 0)
            {
                _input.Read(buffer, NbdBuffers.HeadBytes, (int)payload);
            }

            if (error == NbdError.None && !isLong && ShouldHandOver(request) && TryHandOver(request, (int)payload, ref buffer))
            {
                continue;
            }

            Volatile.Write(ref _busySince, NbdWatch.Now);
            Interlocked.Exchange(ref _state, state + 1);
            _owner.Watch?.Notice();
            if (error != NbdError.None)
            {
                _commands.Refuse(request, error, buffer);
            }
            else if (isLong)
            {
                _commands.CompleteWrite(request, buffer);
            }
            else
            {
                _commands.Run(request, buffer);
            }

            if (Interlocked.CompareExchange(ref _state, state, state + 1) != state + 1)
            {
                return;
            }
        }

        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }
    }

    // The data is received before anything waits for the disk, and no more of it than one piece.
    private NbdError WriteInPieces(in NbdRequest request, byte[] buffer)
    {
        NbdError error = NbdError.None;
        for (ulong done = 0; done < request.Length;)
        {
            int count = (int)Math.Min(request.Length - done, NbdBuffers.PieceBytes);
            _input.Read(buffer, NbdBuffers.HeadBytes, count);
            if (error == NbdError.None)
            {
                error = _commands.Write((long)(request.Offset + done), buffer.AsSpan(NbdBuffers.HeadBytes, count));
            }

            done += (ulong)count;
        }

        return error;
    }

    private bool ShouldHandOver(in NbdRequest request)
    {
        if (_commands.MayTakeLong(request))
        {
            return true;
        }

        if (Volatile.Read(ref _careful) == 0)
        {
            return false;
        }

        Interlocked.Decrement(ref _careful);
        return true;
    }

    // Waits while the client has too much in flight. A read does not wait for the others: the leader carries it out if no thread is free.
    private bool TryHandOver(in NbdRequest request, int payload, ref byte[] buffer)
    {
        lock (_gate)
        {
            while (_inFlight >= NbdLimits.MaxInFlight || _waitingBytes > NbdLimits.MaxWaitingData)
            {
                if (_isBroken)
                {
                    throw new NbdDisconnectedException();
                }

                _leaderWaits = true;
                Monitor.Wait(_gate);
                _leaderWaits = false;
            }

            bool canStart = _idle > _queue.Count || (_threads < NbdLimits.MaxThreads && TryStartThread());
            if (!canStart && request.Command == NbdCommand.Read)
            {
                return false;
            }

            byte[]? data = null;
            if (payload > NbdBuffers.SmallBytes)
            {
                (data, buffer) = (buffer, NbdBuffers.Large.Rent());
            }
            else if (payload > 0)
            {
                data = NbdBuffers.Small.Rent();
                Buffer.BlockCopy(buffer, NbdBuffers.HeadBytes, data, NbdBuffers.HeadBytes, payload);
            }

            _queue.Enqueue(new Work(request, data));
            _inFlight++;
            _waitingBytes += data?.Length ?? 0;
            Monitor.Pulse(_gate); // only idle threads wait now

            return true;
        }
    }

    // Under the gate.
    private bool TryStartThread()
    {
        try
        {
            _threads++;
            new Thread(() => Participate(isOwner: false)) { IsBackground = true, Name = "NBD request" }.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            _threads--;
            return false;
        }
    }

    private static void GiveUp(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            NbdBuffers.Large.Return(buffer);
            buffer = null;
        }
    }

    private bool TryTakeWork(bool isOwner, ref byte[]? buffer, out Work work, out bool leads)
    {
        (work, leads) = (default, false);
        lock (_gate)
        {
            for (; ; )
            {
                if (_leaderWanted)
                {
                    _leaderWanted = false;
                    return leads = true;
                }

                if (_queue.Count > 0)
                {
                    work = _queue.Dequeue();
                    return true;
                }

                if (_isOver || (!isOwner && IsSpare()))
                {
                    return false;
                }

                GiveUp(ref buffer);
                _idle++;
                bool isInTime = Monitor.Wait(_gate, IdleTime);
                _idle--;
                _leastIdle = Math.Min(_leastIdle, _idle);
                if (!isInTime && !isOwner && !_leaderWanted && _queue.Count == 0)
                {
                    return false;
                }
            }
        }
    }

    // Under the gate. Threads are woken in turn, so each has something to do now and then although fewer would suffice: one leaves if others were idle
    // all the time.
    private bool IsSpare()
    {
        long now = Time;
        if (now - _leastIdleSince < IdleTime.TotalSeconds * Stopwatch.Frequency)
        {
            return false;
        }

        bool isSpare = _leastIdle > 0;
        (_leastIdle, _leastIdleSince) = (_idle, now);
        return isSpare;
    }

    private void Run(in Work work, byte[] buffer)
    {
        try
        {
            if (!_isBroken)
            {
                _commands.Run(work.Request, work.Data ?? buffer);
            }
        }
        finally
        {
            if (work.Data is { } data)
            {
                (data.Length > NbdBuffers.SmallBytes + NbdBuffers.HeadBytes ? NbdBuffers.Large : NbdBuffers.Small).Return(data);
            }

            lock (_gate)
            {
                _inFlight--;
                _waitingBytes -= work.Data?.Length ?? 0;
                if (_leaderWaits)
                {
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    // What is still waiting is dropped: nobody was told that it was done.
    private void Break()
    {
        _isBroken = true;
        _channel.Abort();
        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A request that waits for a thread.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Data">For a write, a buffer with its data; null for others.</param>
    private readonly record struct Work(NbdRequest Request, byte[]? Data);
}
