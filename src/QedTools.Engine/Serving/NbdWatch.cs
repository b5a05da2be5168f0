using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace QedTools.Serving;

/// <summary>Looks after the connections of a server: ends handshakes that take too long, and has held-up leaders relieved.</summary>
/// <remarks>It sleeps while no connection does anything.</remarks>
internal sealed class NbdWatch : IDisposable
{
    private const int QuietRounds = 30;
    private static readonly long Patience = Stopwatch.Frequency / 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan HandshakeInterval = TimeSpan.FromMilliseconds(200);

    private readonly List<NbdConnection> _connections = [];
    private readonly AutoResetEvent _wake = new(false);
    private readonly Func<long> _clock;
    private readonly Thread _thread;
    private int _isAsleep;
    private volatile bool _isOver;

    /// <summary>Starts to watch.</summary>
    /// <param name="clock">Tells the time as <see cref="Now"/> does, which it is by default; tests let it run ahead.</param>
    public NbdWatch(Func<long>? clock = null)
    {
        _clock = clock ?? (static () => Now);
        _thread = new Thread(Run) { IsBackground = true, Name = "NBD watch" };
        _thread.Start();
    }

    /// <summary>The time, in units of the <see cref="Stopwatch"/>.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>The time that it will be after a while.</summary>
    public static long After(TimeSpan time) => Now + (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The time by the clock of this watch.</summary>
    public long Time => _clock();

    /// <summary>Watches a connection.</summary>
    public void Add(NbdConnection connection)
    {
        lock (_connections)
        {
            _connections.Add(connection);
        }

        _wake.Set();
    }

    /// <summary>Watches a connection no more.</summary>
    public void Remove(NbdConnection connection)
    {
        lock (_connections)
        {
            _connections.Remove(connection);
        }
    }

    /// <summary>A leader begins to carry out a request. Nearly free while requests come and go.</summary>
    public void Notice()
    {
        if (Volatile.Read(ref _isAsleep) != 0 && Interlocked.Exchange(ref _isAsleep, 0) != 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        _isOver = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    // It stays awake for a while after the last activity, so that not every request has to wake it.
    private void Run()
    {
        List<NbdConnection> now = [];
        for (int quiet = 0; !_isOver;)
        {
            // The flag comes before the look around: whoever becomes busy after that look sees it.
            bool fallsAsleep = quiet >= QuietRounds;
            Interlocked.Exchange(ref _isAsleep, fallsAsleep ? 1 : 0);
            lock (_connections)
            {
                now.Clear();
                now.AddRange(_connections);
            }

            (bool isBusy, bool isShakingHands) = LookAt(now);
            quiet = isBusy ? 0 : quiet + 1;
            if (!fallsAsleep || isBusy)
            {
                _wake.WaitOne(Interval);
                continue;
            }

            _wake.WaitOne(isShakingHands ? HandshakeInterval : Timeout.InfiniteTimeSpan);
            quiet = Volatile.Read(ref _isAsleep) == 0 ? 0 : QuietRounds;
        }
    }

    private (bool IsBusy, bool IsShakingHands) LookAt(List<NbdConnection> connections)
    {
        (bool isBusy, bool isShakingHands) = (false, false);
        long now = Time;
        foreach (NbdConnection connection in connections)
        {
            switch (connection.Look(now, Patience))
            {
                case NbdActivity.Handshake:
                    isShakingHands = true;
                    break;
                case NbdActivity.Busy:
                    isBusy = true;
                    break;
            }
        }

        return (isBusy, isShakingHands);
    }
}
