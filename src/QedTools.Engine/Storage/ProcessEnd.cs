using System;
using System.Collections.Generic;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>What is still to be done when this process ends or is asked to end, as by SIGTERM.</summary>
internal static class ProcessEnd
{
    private static readonly List<Action> Actions = [];

    static ProcessEnd() => ProcessSignals.AtEnd(RunAll);

    /// <summary>Has an action run at the end. It must throw nothing, and doing it twice must be the same as once.</summary>
    public static void Add(Action action)
    {
        lock (Actions)
        {
            Actions.Add(action);
        }
    }

    /// <summary>Has it run no more.</summary>
    public static void Remove(Action action)
    {
        lock (Actions)
        {
            Actions.Remove(action);
        }
    }

    // The last one first.
    private static void RunAll()
    {
        Action[] all;
        lock (Actions)
        {
            all = [.. Actions];
        }

        Array.Reverse(all);
        Array.ForEach(all, action => action());
    }
}
