using System;
using System.Threading;
using Xunit.Sdk;

namespace QedTools.Tests.Serving;

/// <summary>Work on another thread, for which a test waits only so long.</summary>
internal sealed class Background
{
    private readonly Thread _thread;
    private Exception? _error;

    /// <summary>Starts it.</summary>
    public Background(Action work)
    {
        _thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                _error = e;
            }
        })
        {
            IsBackground = true,
        };
        _thread.Start();
    }

    /// <summary>Whether it waits for another thread, or has ended.</summary>
    public bool IsWaiting => (_thread.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0;

    /// <summary>Waits until it is done; fails if it has failed or takes too long.</summary>
    /// <param name="what">What it does.</param>
    /// <param name="limit">How long it may take; null for <see cref="Gate.TimeLimit"/>.</param>
    public void Join(string what, TimeSpan? limit = null)
    {
        if (!_thread.Join(limit ?? Gate.TimeLimit))
        {
            throw new XunitException($"It took too long: {what}.");
        }

        if (_error is not null)
        {
            throw new XunitException($"{what}: {_error.Message}", _error);
        }
    }
}
