using System;
using System.Linq;
using QedTools.Disks;
using QedTools.Tests.Fuzz;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>What a file of any format may cost, whatever is in it.</summary>
internal static class HostileFile
{
    private const int MostReads = 2000;
    private const long MostMemory = 4 << 20;

    /// <summary>Opens a file and reads here and there.</summary>
    /// <returns>False if that ended with an error of ours; any other error, and too much work or memory, fails the test.</returns>
    public static bool Survives(IDiskFormat format, MemoryStorage storage)
    {
        MeteredStorage metered = new(storage) { Limit = MostReads };
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
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostMemory, "Too much memory for a small file");
        }
    }
}
