// Signals from the operating system to this process, where .NET has no registration for them.
using System;

namespace QedTools.Storage.Native;

/// <summary>Signals that concern files, and the end of the process.</summary>
internal static class ProcessSignals
{
    private const int FileSizeExceeded = 25; // SIGXFSZ on Linux and macOS

    private static int _survives;

    /// <summary>Runs an action when this process ends by itself. To be called once: see <see cref="ProcessEnd"/>.</summary>
    public static void AtEnd(Action action) => AppDomain.CurrentDomain.ProcessExit += (_, _) => action();

    /// <summary>Makes a write beyond the file size limit (ulimit -f) an error, where it would otherwise end the process.</summary>
    public static void SurviveFileSizeLimit()
    {
        if (!Platform.IsWindows && System.Threading.Interlocked.Exchange(ref _survives, 1) == 0)
        {
            LibC.IgnoreUnlessHandled(FileSizeExceeded);
        }
    }
}
