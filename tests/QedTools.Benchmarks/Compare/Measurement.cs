using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>The wall times of several runs of one action, in milliseconds.</summary>
internal sealed class Measurement
{
    private readonly List<double> _times = [];

    /// <summary>The times in the order of the runs.</summary>
    public IReadOnlyList<double> Times => _times;

    /// <summary>The time in the middle.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. _times.Order()];
            return sorted[sorted.Length / 2];
        }
    }

    /// <summary>Runs an action and keeps its time.</summary>
    /// <param name="action">What is timed.</param>
    /// <param name="share">What the time is multiplied with.</param>
    /// <returns>The action's answer.</returns>
    public string Time(Func<string> action, double share = 1)
    {
        Stopwatch watch = Stopwatch.StartNew();
        string answer = action();
        _times.Add(watch.Elapsed.TotalMilliseconds * share);
        return answer;
    }

    /// <summary>
    /// Gives whoever is next the same start: nothing waits to be written, which would slow his writes down, and free memory
    /// was in use just now; the host of a virtual machine takes long unused memory back, and to get it again costs more than a copy.
    /// </summary>
    /// <param name="bytesWritten">How much memory he will fill at most, in bytes.</param>
    public static void LevelGround(long bytesWritten)
    {
        Programs.Run("sync");
        if (bytesWritten > 0)
        {
            Programs.Run("dd", "if=/dev/zero", "of=/dev/null", "status=none", "iflag=fullblock", "count=1", $"bs={bytesWritten}");
        }
    }
}
