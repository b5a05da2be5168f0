using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

public sealed class FileLockTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _path;

    public FileLockTests() => _path = Host.WriteText(_folder, "image.qed", "contents");

    /// <summary>Whether the host lists its locks the way Linux does.</summary>
    public static bool ShowsLocks => Host.IsLinux && Directory.Exists("/proc/self/fdinfo");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(nameof(StorageAccess.Write), nameof(StorageAccess.Write))]
    [InlineData(nameof(StorageAccess.Write), nameof(StorageAccess.Read))]
    [InlineData(nameof(StorageAccess.Read), nameof(StorageAccess.Write))]
    public void A_writer_excludes_other_writers_and_readers_and_is_excluded_by_them(string held, string wanted)
    {
        using FileStorage first = Open(held);

        QedImageInUseException error = Assert.Throws<QedImageInUseException>(() => Open(wanted));

        Assert.Equal(_path, error.Path);
    }

    [Fact]
    public void Several_readers_may_share_a_file()
    {
        using FileStorage first = Open(nameof(StorageAccess.Read));
        using FileStorage second = Open(nameof(StorageAccess.Read));
        byte[] buffer = new byte[8];

        Assert.Equal(8, first.Read(0, buffer));
        Assert.Equal(8, second.Read(0, buffer));
    }

    [Fact]
    public void Inspecting_works_alongside_a_writer_and_sees_its_writes()
    {
        using FileStorage writer = Open(nameof(StorageAccess.Write));
        using FileStorage inspector = Open(nameof(StorageAccess.Inspect));
        writer.Write(0, "CONTENTS"u8);
        byte[] buffer = new byte[8];

        Assert.Equal(8, inspector.Read(0, buffer));
        Assert.Equal("CONTENTS"u8, buffer);
    }

    [Fact]
    public void Inspecting_locks_nobody_out()
    {
        using FileStorage inspector = Open(nameof(StorageAccess.Inspect));

        Open(nameof(StorageAccess.Read)).Dispose();
        Open(nameof(StorageAccess.Write)).Dispose();
    }

    [Fact]
    public void IsInUse_shows_whether_a_writer_would_be_refused()
    {
        using FileStorage inspector = Open(nameof(StorageAccess.Inspect));
        Assert.False(inspector.IsInUse);

        using (Open(nameof(StorageAccess.Write)))
        {
            Assert.True(inspector.IsInUse);
        }

        Assert.False(inspector.IsInUse);
        using (Open(nameof(StorageAccess.Read)))
        {
            Assert.True(inspector.IsInUse);
        }

        using (Open(nameof(StorageAccess.Inspect)))
        {
            Assert.False(inspector.IsInUse);
        }
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Write))]
    [InlineData(nameof(StorageAccess.Read))]
    public void A_lock_held_by_the_storage_itself_is_not_use_by_others(string access)
    {
        using FileStorage storage = Open(access);

        Assert.False(storage.IsInUse);
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Write))]
    [InlineData(nameof(StorageAccess.Read))]
    public void Closing_a_storage_releases_its_lock(string access)
    {
        Open(access).Dispose();

        Open(nameof(StorageAccess.Write)).Dispose();
    }

    // Locks owned by the process instead of the open file are lost when any handle to the file is closed.
    [Fact]
    public void A_lock_outlives_other_handles_to_the_same_file()
    {
        using FileStorage writer = Open(nameof(StorageAccess.Write));
        Open(nameof(StorageAccess.Inspect)).Dispose();
        File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete).Dispose();

        Assert.Throws<QedImageInUseException>(() => Open(nameof(StorageAccess.Read)));
    }

    [Fact]
    public void A_refused_storage_leaves_no_lock_behind()
    {
        using (Open(nameof(StorageAccess.Read)))
        {
            Assert.Throws<QedImageInUseException>(() => Open(nameof(StorageAccess.Write)));
            Open(nameof(StorageAccess.Read)).Dispose();
        }

        Open(nameof(StorageAccess.Write)).Dispose();
    }

    // From its fork to its exec, a process that another thread starts holds all descriptors and with them their locks.
    [Theory(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    [InlineData(nameof(StorageAccess.Write))]
    [InlineData(nameof(StorageAccess.Read))]
    public void A_lock_is_released_even_while_a_process_that_is_being_started_holds_the_descriptor(string access)
    {
        FileStorage storage = Open(access);
        using IDisposable child = Host.ForkDescriptorsOf(_path);
        storage.Dispose();

        Open(nameof(StorageAccess.Write)).Dispose();
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void The_lock_is_on_the_file_and_not_on_its_name()
    {
        string link = _folder.PathOf("link.qed");
        File.CreateSymbolicLink(link, _path);
        using FileStorage writer = Open(nameof(StorageAccess.Write));

        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(link, StorageAccess.Write));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void Without_file_system_locks_everybody_is_let_in_and_the_trace_reports_it()
    {
        List<string> reported = [];
        OperationTrace trace = new() { Decision = reported.Add };
        ByteLocks.AreMissing.Value = true;
        try
        {
            using FileStorage first = Open(nameof(StorageAccess.Write));
            Assert.False(first.IsLocked);
            HostFiles.Open(_path, StorageAccess.Inspect, trace).Dispose();
            Assert.Empty(reported);
            HostFiles.Open(_path, StorageAccess.Write, trace).Dispose();
        }
        finally
        {
            ByteLocks.AreMissing.Value = false;
        }

        Assert.Contains($"{_path}: its file system has no locks", Assert.Single(reported), StringComparison.Ordinal);
        using FileStorage locked = Open(nameof(StorageAccess.Read));
        HostFiles.Open(_path, StorageAccess.Read, trace).Dispose();
        Assert.True(locked.IsLocked);
        Assert.Single(reported);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void Operations_report_missing_locks()
    {
        string image = _folder.PathOf("real.qed");
        List<string> reported = [];
        OperationTrace trace = new() { Decision = reported.Add };
        CancellationToken token = TestContext.Current.CancellationToken;
        ByteLocks.AreMissing.Value = true;
        try
        {
            ImageCreation.Run(image, new ImageCreationOptions { SizeBytes = 1 << 20 }, token);
            Run(() => ImageCheck.Run(image, new ImageCheckOptions { Trace = trace }, progress: null, token));
            Run(() => ImageRepair.Run(image, new ImageRepairOptions { Trace = trace }, cancellation: token));
            Run(() => ImageResize.Run(image, 2 << 20, new ImageResizeOptions { Trace = trace }, cancellation: token));
            Run(() => ImageCreation.Run(image, new ImageCreationOptions { SizeBytes = 1 << 20, Replace = true, Trace = trace }, token));
            Run(() => DiskConversion.Run(image, _folder.PathOf("copy.raw"), new DiskConversionOptions { Trace = trace }, cancellation: token));
        }
        finally
        {
            ByteLocks.AreMissing.Value = false;
        }

        void Run(Action operation)
        {
            reported.Clear();
            operation();
            Assert.Contains(reported, line => line.StartsWith($"{image}: its file system has no locks", StringComparison.Ordinal));
        }
    }

    [Theory(Skip = "only Linux shows which bytes of a file are locked", SkipUnless = nameof(ShowsLocks))]
    [InlineData(nameof(StorageAccess.Inspect), new int[0])]
    [InlineData(nameof(StorageAccess.Read), new[] { 100, 201, 203 })]
    [InlineData(nameof(StorageAccess.Write), new[] { 100, 101, 103, 201, 203 })]
    public void The_locked_bytes_are_those_of_QEMU(string access, int[] bytes)
    {
        using FileStorage storage = Open(access);

        Assert.Equal(bytes, LockedBytesOf(_path));
    }

    // A line of fdinfo: "lock: 1: OFDLCK ADVISORY  READ -1 fe:00:123456 100 101". /proc/locks will not do: it is read in pieces and may
    // change between them.
    private static List<int> LockedBytesOf(string path)
    {
        List<int> locked = [];
        foreach (string line in Host.LocksOn(path).Where(line => line.Contains("OFDLCK", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains("READ", words);
            int first = int.Parse(words[^2], CultureInfo.InvariantCulture);
            int last = int.Parse(words[^1], CultureInfo.InvariantCulture);
            locked.AddRange(Enumerable.Range(first, last - first + 1));
        }

        locked.Sort();
        return locked;
    }

    private FileStorage Open(string access) => FileStorage.Open(_path, Enum.Parse<StorageAccess>(access));
}
