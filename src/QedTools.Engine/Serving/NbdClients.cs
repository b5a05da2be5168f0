using System;
using System.Collections.Generic;
using System.Threading;

namespace QedTools.Serving;

/// <summary>The connections of a server, each with its thread.</summary>
/// <param name="max">How many there may be.</param>
/// <param name="watch">Looks after them.</param>
internal sealed class NbdClients(int max, NbdWatch watch)
{
    private readonly HashSet<NbdConnection> _connections = [];

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_connections)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Serves a client on a thread of its own.</summary>
    /// <returns>False if there are too many already.</returns>
    public bool TryServe(NbdConnection connection)
    {
        lock (_connections)
        {
            if (_connections.Count >= max)
            {
                return false;
            }

            _connections.Add(connection);
        }

        watch.Add(connection);
        try
        {
            new Thread(() => Serve(connection)) { IsBackground = true, Name = "NBD client" }.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            Forget(connection);
            return false;
        }
    }

    /// <summary>Waits until all have ended.</summary>
    /// <param name="time">For how long, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>Whether they have.</returns>
    public bool WaitForNone(TimeSpan time)
    {
        long end = time == Timeout.InfiniteTimeSpan ? long.MaxValue : NbdWatch.After(time);
        return WaitForNone(() => end);
    }

    /// <summary>Waits until all have ended.</summary>
    /// <param name="end">Until when, by <see cref="NbdWatch.Now"/>. It is asked again after <see cref="LookAgain"/>.</param>
    /// <returns>Whether they have.</returns>
    public bool WaitForNone(Func<long> end)
    {
        lock (_connections)
        {
            while (_connections.Count > 0)
            {
                double rest = (end() - (double)NbdWatch.Now) / System.Diagnostics.Stopwatch.Frequency;
                if (rest <= 0)
                {
                    return false;
                }

                Monitor.Wait(_connections, TimeSpan.FromSeconds(Math.Min(rest, 3600)));
            }

            return true;
        }
    }

    /// <summary>Lets those that wait ask again how long to wait.</summary>
    public void LookAgain()
    {
        lock (_connections)
        {
            Monitor.PulseAll(_connections);
        }
    }

    /// <summary>Does something with all of them.</summary>
    public void ForAll(Action<NbdConnection> action)
    {
        NbdConnection[] all;
        lock (_connections)
        {
            all = [.. _connections];
        }

        Array.ForEach(all, action);
    }

    private void Serve(NbdConnection connection)
    {
        try
        {
            connection.Run();
        }
        finally
        {
            Forget(connection);
        }
    }

    private void Forget(NbdConnection connection)
    {
        watch.Remove(connection);
        lock (_connections)
        {
            _connections.Remove(connection);
            Monitor.PulseAll(_connections);
        }
    }
}
