using System;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A place where threads wait until a test lets them go on.</summary>
internal sealed class Gate : IDisposable
{
    private readonly ManualResetEventSlim _open = new(initialState: false);
    private int _waiting;

    /// <summary>Waits until it is open.</summary>
    public void Pass()
    {
        Interlocked.Increment(ref _waiting);
        Assert.True(_open.Wait(Patience.Limit), "The gate was not opened in time.");
        Interlocked.Decrement(ref _waiting);
    }

    /// <summary>Waits until so many threads are waiting at it.</summary>
    public void AwaitWaiting(int count = 1) => Await(() => Volatile.Read(ref _waiting) >= count, $"{count} threads wait at the gate");

    /// <summary>Lets all go on, from now on.</summary>
    public void Open() => _open.Set();

    public void Dispose() => Open();

    /// <summary>Waits until something is so.</summary>
    public static void Await(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Patience.Limit), $"It did not come to pass in time that {what}.");
}
