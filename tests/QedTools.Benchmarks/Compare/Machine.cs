using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace QedTools.Benchmarks.Compare;

/// <summary>The machine on which the figures were measured.</summary>
internal static class Machine
{
    /// <summary>One line for each property that matters.</summary>
    public static IEnumerable<string> Describe()
    {
        yield return string.Format(
            CultureInfo.InvariantCulture,
            "{0} processors ({1}), {2:0} GiB of memory",
            Environment.ProcessorCount,
            Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30));
        yield return $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version}; the temporary folder is on {new DriveInfo(Path.GetTempPath()).DriveFormat}";
        yield return $".NET {Environment.Version}, PowerShell engine {typeof(System.Management.Automation.PowerShell).Assembly.GetName().Version}";
        yield return Programs.Run("qemu-img", "--version").Split('\n')[0] + "; " + Programs.Run("cp", "--version").Split('\n')[0];
    }

    private static string? Field(string file, string name) => File.Exists(file)
        ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        : null;
}
