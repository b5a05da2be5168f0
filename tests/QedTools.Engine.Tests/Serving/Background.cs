using System;
using System.Threading;
using QedTools.Tests.Support;
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
    /// <param name="progress">For long work, a figure that grows while it goes on; only standing still then takes too long.</param>
    public void Join(string what, Func<long>? progress = null)
    {
        for (long last = -1; !_thread.Join(Patience.Limit);)
        {
            long now = progress?.Invoke() ?? last;
            if (now == last)
            {
                throw new XunitException($"It took too long: {what}.");
            }

            last = now;
        }

        if (_error is not null)
        {
            throw new XunitException($"{what}: {_error.Message}", _error);
        }
    }
}
