using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using System.Threading;
using Microsoft.Win32.SafeHandles;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>What the tests of storage need to know about the host and do with it. Tests name its properties in SkipUnless.</summary>
internal static class Host
{
    public const string NotUnix = "only Unix has such files";

    public const string NotLinux = "only Linux lets one thread act as another user, and shows which bytes are locked";

    public const string NotWindows = "only Windows has such paths";

    public const string LocksOutWriters = "Windows locks writers out of a file that is being read";

    public const string NotTellingHoles = "Wine does not report the holes in a file";

    public const string NotKeepingHoles = "the temporary folder does not support sparse files";

    public const string NotLinuxRoot = "only root on Linux can make a small file system";

    public const string NotKeepingAccessLists = "setfacl is not installed, or the temporary folder does not support access control lists";

    public const string NotKeepingAttributes = "setfattr is not installed, or the temporary folder does not support extended attributes";

    public const string NotHearingSignals = "the netstandard2.0 build cannot receive signals, and Windows has none";

    public static bool IsUnix => !OperatingSystem.IsWindows();

    public static bool IsWindows => OperatingSystem.IsWindows();

    public static bool IsLinux => OperatingSystem.IsLinux();

    public static bool TellsHoles { get; } = !IsWine();

    public static bool KeepsHoles { get; } = RawFiles.AreSparseIn(Path.GetTempPath());

    public static bool IsLinuxRoot => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    public static bool KeepsAccessLists { get; } = CanRunOnFile("setfacl", "-m", "u:65534:r");

    public static bool KeepsAccessListsAsRoot => KeepsAccessLists && IsLinuxRoot;

    public static bool KeepsAttributes { get; } = CanRunOnFile("setfattr", "-n", "user.test", "-v", "x");

    public static bool KeepsAttributesAsRoot => KeepsAttributes && IsLinuxRoot && CanRunOnFile("setfattr", "-n", "security.test", "-v", "x");

    public static bool HearsSignals => IsUnix
        && typeof(QedException).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName.StartsWith(".NETCoreApp", StringComparison.Ordinal);

    /// <summary>Runs a standard Unix program; if it fails, the test fails.</summary>
    public static void Run(string program, params string[] arguments)
    {
        (int code, _, string errors) = Qemu.Run(program, arguments);
        Assert.True(code == 0, $"{program} ended with {code}: {errors}");
    }

    /// <summary>Runs an action on a thread that acts as an unprivileged user: as root, nothing would ever be refused.</summary>
    public static void AsUnprivilegedUser(Action action)
    {
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                if (Environment.IsPrivilegedProcess)
                {
                    const uint Nobody = 65534;
                    _ = SetFileSystemUser(Nobody); // affects only this thread, which ends with the action
                    DropCapabilities();
                }

                action();
            }
            catch (Exception e)
            {
                thrown = e;
            }
        });
        thread.Start();
        thread.Join();
        if (thrown is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    /// <summary>The names of everything in a folder, in order; a failed operation must not add any.</summary>
    public static string[] NamesIn(TempFolder folder)
    {
        string[] names = Array.ConvertAll(Directory.GetFileSystemEntries(folder.Path), entry => Path.GetFileName(entry));
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <summary>The only file in a folder that is being built.</summary>
    public static string PartialIn(TempFolder folder) => Assert.Single(PartialsIn(folder));

    /// <summary>The files in a folder that are being built or were left unfinished.</summary>
    public static string[] PartialsIn(TempFolder folder) => Array.FindAll(
        Directory.GetFiles(folder.Path), path => path.EndsWith(".qedtools-partial", StringComparison.Ordinal));

    /// <summary>Writes some text into a new file of a folder and returns its path.</summary>
    public static string WriteText(TempFolder folder, string name, string text)
    {
        string path = folder.PathOf(name);
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        return path;
    }

    /// <summary>
    /// The text of a file that is about to be replaced: on Windows the replacing handle denies write sharing, and ReadAllText does not
    /// accept that.
    /// </summary>
    public static string ReadShared(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The locks that this process's descriptors hold on a file, one line each, as Linux prints them.</summary>
    public static IEnumerable<string> LocksOn(string path) =>
        from descriptor in DescriptorsOf(path)
        from line in File.ReadLines($"/proc/self/fdinfo/{descriptor.ToString(CultureInfo.InvariantCulture)}")
        where line.StartsWith("lock:", StringComparison.Ordinal)
        select line;

    /// <summary>
    /// Duplicates every descriptor that this process has for a file, like a child process that was forked and has not yet
    /// run its program. Dispose closes the duplicates.
    /// </summary>
    public static IDisposable ForkDescriptorsOf(string path)
    {
        List<SafeFileHandle> copies =
            [.. DescriptorsOf(path).Select(descriptor => new SafeFileHandle(Duplicate(descriptor), ownsHandle: true))];
        Assert.NotEmpty(copies);
        return new HandleList(copies);
    }

    private static bool CanRunOnFile(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        using TempFolder folder = new();
        try
        {
            return Qemu.Run(program, [.. arguments, WriteText(folder, "file", "x")]).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool IsWine() =>
        OperatingSystem.IsWindows()
        && NativeLibrary.TryLoad("ntdll.dll", out IntPtr library)
        && NativeLibrary.TryGetExport(library, "wine_get_version", out _);

    /// <summary>The numbers of the descriptors that this process has for a file.</summary>
    private static IEnumerable<int> DescriptorsOf(string path) =>
        from entry in Directory.GetFileSystemEntries("/proc/self/fd")
        where new FileInfo(entry).LinkTarget == path
        select int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture);

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int Duplicate(int descriptor);

    private static unsafe void DropCapabilities()
    {
        uint* header = stackalloc uint[2] { 0x20080522, 0 }; // _LINUX_CAPABILITY_VERSION_3, this thread
        uint* none = stackalloc uint[6] { 0, 0, 0, 0, 0, 0 };
        Assert.Equal(0, SetCapabilities(header, none));
    }

    [DllImport("libc", EntryPoint = "capset")]
    private static extern unsafe int SetCapabilities(uint* header, uint* data);

    [DllImport("libc", EntryPoint = "setfsuid")]
    private static extern int SetFileSystemUser(uint user);

    private sealed class HandleList(List<SafeFileHandle> handles) : IDisposable
    {
        public void Dispose() => handles.ForEach(handle => handle.Dispose());
    }
}
