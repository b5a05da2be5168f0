using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>The peak resident memory of this process, as Linux counts it; 0 on other systems.</summary>
internal static class PeakMemory
{
    private const string ResetPeak = "5";

    /// <summary>Collects garbage and resets the peak.</summary>
    /// <returns>The current resident memory, in bytes.</returns>
    public static long Reset()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux())
        {
            File.WriteAllText("/proc/self/clear_refs", ResetPeak);
        }

        return Field("VmRSS:");
    }

    /// <summary>The peak since the last reset, in bytes.</summary>
    public static long Read() => Field("VmHWM:");

    private static long Field(string name)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        string line = File.ReadLines("/proc/self/status").First(text => text.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
