using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>The wall-clock times of several runs of one action, in milliseconds.</summary>
internal sealed class Measurement
{
    // A kernel that reports free memory to the host does so at once when more than a gigabyte of it is waiting, and then nothing is gained.
    private const long MaxTouchedBytes = 900L << 20;

    private readonly List<double> _times = [];

    /// <summary>The times, in the order of the runs.</summary>
    public IReadOnlyList<double> Times => _times;

    /// <summary>The median time.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. _times.Order()];
            return sorted[sorted.Length / 2];
        }
    }

    /// <summary>Runs an action and records its time.</summary>
    /// <param name="action">The action to time.</param>
    /// <param name="share">The factor by which the time is multiplied.</param>
    /// <returns>The action's answer.</returns>
    public string Time(Func<string> action, double share = 1)
    {
        Stopwatch watch = Stopwatch.StartNew();
        string answer = action();
        _times.Add(watch.Elapsed.TotalMilliseconds * share);
        return answer;
    }

    /// <summary>
    /// Gives the next program the same start. No data is waiting to be written, which would slow its writes down. Free memory has
    /// just been used: the host of a virtual machine reclaims memory that has long been unused, and getting it back costs more than a copy.
    /// No more of it than <see cref="MaxTouchedBytes"/>, though.
    /// </summary>
    /// <param name="bytesWritten">The maximum amount of memory that the program will fill, in bytes.</param>
    public static void LevelGround(long bytesWritten)
    {
        Programs.Run("sync");
        if (bytesWritten > 0)
        {
            long touched = Math.Min(bytesWritten, MaxTouchedBytes);
            Programs.Run("dd", "if=/dev/zero", "of=/dev/null", "status=none", "iflag=fullblock", "count=1", $"bs={touched}");
        }
    }
}
