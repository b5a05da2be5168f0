using System;
using System.Runtime.InteropServices;

namespace QedTools.Shell.Hosting;

/// <summary>What .NET's Console does not do on Windows: have the console understand escape sequences.</summary>
internal static class WindowsConsole
{
    /// <summary>STD_OUTPUT_HANDLE.</summary>
    public const int StandardOutput = -11;

    /// <summary>STD_ERROR_HANDLE.</summary>
    public const int StandardError = -12;

    private const uint EnableVirtualTerminalProcessing = 0x0004;

    /// <summary>Switches escape sequences on; elsewhere than on Windows they always are.</summary>
    public static bool TryEnableEscapeSequences(int standardHandle)
    {
        if (!OperatingSystem.IsWindows())
        {
            return true;
        }

        nint handle = GetStdHandle(standardHandle);
        return GetConsoleMode(handle, out uint mode) && SetConsoleMode(handle, mode | EnableVirtualTerminalProcessing);
    }

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetStdHandle(int standardHandle);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(nint handle, out uint mode);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(nint handle, uint mode);
}
