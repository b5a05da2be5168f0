// Signals from the operating system to this process.
using System;
using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>Signals that concern files, and the end of the process.</summary>
internal static class ProcessSignals
{
    private const int FileSizeExceeded = 25; // SIGXFSZ on Linux and macOS

    // A registration ends when it is garbage-collected.
    private static readonly PosixSignalRegistration?[] Registrations = new PosixSignalRegistration?[3];

    /// <summary>Runs an action when this process ends or is asked to end, as late as possible. What the host does then is unchanged. To be called once: see <see cref="ProcessEnd"/>.</summary>
    public static void AtEnd(Action action)
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => action();
        Registrations[0] = Register(PosixSignal.SIGTERM);

        // The parent process may have made this one ignore the signal, as nohup does. On Windows it means the console window is closed.
        if (Platform.IsWindows || !LibC.IsIgnored(LibC.HangUp))
        {
            Registrations[1] = Register(PosixSignal.SIGHUP);
        }

        PosixSignalRegistration? Register(PosixSignal signal) => TryRegister(signal, context =>
        {
            if (!context.Cancel)
            {
                action();
            }
        });
    }

    /// <summary>Makes a write beyond the file size limit (ulimit -f) an error, where it would otherwise end the process.</summary>
    /// <remarks>A handler rather than "ignore", which child processes would inherit.</remarks>
    public static void SurviveFileSizeLimit()
    {
        if (!Platform.IsWindows)
        {
            Registrations[2] ??= TryRegister((PosixSignal)FileSizeExceeded, context => context.Cancel = true);
        }
    }

    private static PosixSignalRegistration? TryRegister(PosixSignal signal, Action<PosixSignalContext> handler)
    {
        try
        {
            return PosixSignalRegistration.Create(signal, handler);
        }
        catch (Exception e) when (e is System.IO.IOException or PlatformNotSupportedException)
        {
            return null; // the host does not let processes handle the signal
        }
    }
}
