// What the operating system tells a process by signals.
using System;
using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>Signals that concern files.</summary>
internal static class ProcessSignals
{
    private const int FileSizeExceeded = 25; // SIGXFSZ on Linux and macOS

    // A registration ends when it is collected.
    private static readonly PosixSignalRegistration?[] Registrations = new PosixSignalRegistration?[3];

    /// <summary>Has something done when this process is asked to end or ends, as late as it can be done. What the host does then stays as it is.</summary>
    public static void AtEnd(Action action)
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => action();
        Registrations[0] = Register(PosixSignal.SIGTERM);

        // Whoever started this process can have made it immune, as nohup does. Windows: the console window is closed.
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

    /// <summary>Makes a write beyond the largest size that a file may have (ulimit -f) an error, where it would end the process.</summary>
    /// <remarks>A handler and not "ignore", which the programs that this process starts would inherit.</remarks>
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
            return null; // the host keeps the signal to itself
        }
    }
}
