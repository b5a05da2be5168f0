using System;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>What a file of any format may cost and cause, whatever it contains.</summary>
internal static class HostileFile
{
    /// <summary>The name of an external data file.</summary>
    public const string DataFile = "data.bin";

    private const int MaxReads = 2000;
    private const long MaxMemory = 4 << 20;

    /// <summary>Opens a file and reads at some offsets.</summary>
    /// <returns>False if that ended with one of the engine's own errors; any other error, or too much work or memory, fails the test.</returns>
    public static bool Survives(IDiskFormat format, MemoryStorage storage)
    {
        MeteredStorage metered = new(storage) { Limit = MaxReads };
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            IDisk disk = format.Open(metered).ToDisk(backing: null);
            byte[] buffer = new byte[8192];
            foreach (long at in new[] { 0L, 4096L, disk.Length / 2, disk.Length - 4096 }.Where(at => at >= 0 && at < disk.Length))
            {
                int count = (int)Math.Min(buffer.Length, disk.Length - at);
                disk.Read(at, buffer.AsSpan(0, count));
                Assert.InRange(disk.ExtentAt(at, count).Length, 1, count);
            }

            return true;
        }
        catch (QedException)
        {
            return false;
        }
        finally
        {
            RequireWithin("open and read a small file", before, MaxMemory);
        }
    }

    /// <summary>Opens a file, walks over both ends of its disk and reads at some offsets, within bounds.</summary>
    /// <param name="random">Chooses where to read.</param>
    /// <param name="file">The file.</param>
    /// <param name="bounds">What that may cost.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="toDisk">Turns it into a disk.</param>
    /// <param name="requirePlace">Checks an extent of data.</param>
    /// <returns>Whether the file could be opened; any error except an engine error that names the file, or too much work or memory, fails the test.</returns>
    public static bool Survives<TLayer>(
        Random random, MemoryStorage file, HostileBounds bounds, Func<IStorage, TLayer> open, Func<TLayer, IDisk> toDisk, Action<IDisk, DiskExtent> requirePlace)
        where TLayer : class
    {
        MeteredStorage storage = new(file) { Limit = bounds.ReadsToOpen };
        TLayer? layer = null;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Attempt(file, () => layer = open(storage));
        RequireWithin("open", before, bounds.MemoryToOpen);
        if (layer is null)
        {
            return false;
        }

        storage.Reset();
        storage.Limit = bounds.ReadsToWalk;
        before = GC.GetAllocatedBytesForCurrentThread();
        IDisk disk = toDisk(layer);
        long part = Math.Min(disk.Length, bounds.WalkedBytes);
        Attempt(file, () => Walk(disk, 0, part, extent => requirePlace(disk, extent)));
        Attempt(file, () => Walk(disk, disk.Length - part, part, extent => requirePlace(disk, extent)));
        byte[] buffer = new byte[100_000];
        for (int i = 0; i < 5 && disk.Length > 0; i++)
        {
            long offset = i == 0 ? 0 : random.NextInt64(disk.Length);
            Attempt(file, () => disk.Read(offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, disk.Length - offset))));
        }

        RequireWithin("walk and read", before, bounds.MemoryToWalk);
        return true;
    }

    /// <summary>Walks over a part of a disk: its extents must be adjacent, and none may continue the one before.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where the part begins, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="requirePlace">Checks an extent of data.</param>
    public static void Walk(IDisk disk, long offset, long length, Action<DiskExtent> requirePlace)
    {
        long at = offset;
        DiskExtent? before = null;
        foreach (DiskExtent extent in ExtentWalk.Over(disk, offset, length, CancellationToken.None))
        {
            if (extent.Start != at || extent.Length <= 0 || (before?.IsContinuedBy(extent) ?? false))
            {
                Assert.Fail($"{extent} after {before} at {at}");
            }

            if (extent.State == QedExtentState.Data)
            {
                requirePlace(extent);
            }

            at = extent.End;
            before = extent;
        }

        Assert.Equal(offset + length, at);
    }

    /// <summary>Does something that may fail because the file is damaged; the error must then blame this file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="action">What to do.</param>
    public static void Attempt(MemoryStorage file, Action action)
    {
        try
        {
            action();
        }
        catch (QedException e)
        {
            RequireOurs(e, file);
        }
    }

    /// <summary>Checks how much memory a part of a test has allocated on its thread.</summary>
    /// <param name="what">What the part does, as an infinitive without "to".</param>
    /// <param name="allocatedBefore">The bytes allocated before it.</param>
    /// <param name="maxBytes">What it may allocate, in bytes.</param>
    public static void RequireWithin(string what, long allocatedBefore, long maxBytes)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        Assert.True(allocated <= maxBytes, $"To {what} took {allocated} bytes of memory, more than {maxBytes}");
    }

    private static void RequireOurs(QedException e, MemoryStorage file)
    {
        Assert.True(e is QedDamagedFileException or QedUnsupportedFormatException, $"{e}");
        Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
        Assert.True(e.Path == file.Path || e.Path == DataFile, e.Path);
    }
}
