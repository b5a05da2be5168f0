using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>Which operating system this is, asked once.</summary>
internal static class Platform
{
    public static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
    public static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);
    public static readonly bool IsMac = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
}
