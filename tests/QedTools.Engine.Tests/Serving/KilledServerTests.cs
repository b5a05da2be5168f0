using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using QedTools.Tests.Reliability;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A server is killed while several clients write: what a flush or a forced write had made safe is there, and the image is sound.</summary>
/// <remarks>QEDTOOLS_KILLS sets how often.</remarks>
public sealed class KilledServerTests(ITestOutputHelper output)
{
    private const int Kills = 6;
    private const int Writers = 4;
    private const int LeaksOnly = 3; // the exit code of qemu-img check
    private const int RegionSectors = 2048;
    private const int Size = Writers * RegionSectors * StampedRegion.SectorSize;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void What_a_killed_server_had_made_safe_is_there()
    {
        int seed = Seeds.One;
        Random random = new(seed);
        int kills = int.TryParse(Environment.GetEnvironmentVariable("QEDTOOLS_KILLS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
            ? wanted : Kills;
        Stopwatch time = Stopwatch.StartNew();
        int dirty = 0;
        int changes = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using TempFolder folder = new();
            string path = folder.PathOf("top.qed");
            ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = Size, ClusterSize = 4096, TableSize = 2 }, Token);
            StampedRegion[] regions = ServeAndKill(path, kill % 2 == 1 && Socket.OSSupportsUnixDomainSockets ? folder.PathOf("s") : null, random);
            changes += regions.Sum(region => region.Done);

            QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());
            Assert.False(info.InUse, "The lock of a killed server still exists.");
            dirty += info.NeedsCheck ? 1 : 0;
            string what = string.Format(CultureInfo.InvariantCulture, "kill {0} with seed {1}", kill, seed);
            Require(regions, path, what + ", before the repair");
            bool isRepaired = kill % 4 >= 2;
            if (!isRepaired)
            {
                // As the next server would open it: clusters that were allocated last may be leaked, but nothing is wrong.
                DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Token).Dispose();
            }
            else
            {
                ImageRepair.Run(path, new ImageRepairOptions(), cancellation: Token);
            }

            QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), cancellation: Token);
            Assert.True(check is { CorruptionCount: 0, NeedsCheck: false }, $"{what}: {check}");
            Assert.True(!isRepaired || check.Status == QedCheckStatus.Clean, $"{what}: {check}");
            Require(regions, path, what);
            if (Qemu.IsInstalled)
            {
                (int code, string text, string errors) = Qemu.Run("qemu-img", "check", "-f", "qed", path);
                Assert.True(code == 0 || (code == LeaksOnly && !isRepaired), $"{what}: {code}, {text} {errors}");
            }
        }

        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "seed {0}: {1} kills, {2} changes acknowledged before them, {3} images left with the need-check bit, {4:0.0} s, qemu-img check: {5}",
            seed,
            kills,
            changes,
            dirty,
            time.Elapsed.TotalSeconds,
            Qemu.IsInstalled ? "agrees each time" : Qemu.SkipReason));
    }

    [Theory(Skip = Host.NotHearingSignals, SkipUnless = nameof(Host.HearsSignals), SkipType = typeof(Host))]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_server_that_is_told_to_end_leaves_everything_in_order(string signal)
    {
        using TempFolder folder = new();
        string path = folder.PathOf("top.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = Size }, Token);
        using HelperProcess server = HelperProcess.HearingSignals("serve", path, "write", folder.PathOf("s"));
        string uri = server.ReadLine() ?? throw new InvalidOperationException($"The server ended by itself: {server.Errors}");
        byte[] data = DiskBytes.Random(Seeds.One, 100_000);
        using PlainClient client = PlainClient.Connect(uri);
        client.Write(50_000, data);
        Assert.True(ImageInspection.Run(path, new ImageInspectionOptions()).NeedsCheck, "Nothing would show that the end was orderly.");

        Host.Run("kill", "-" + signal, server.Id);
        server.Wait();

        Assert.False(File.Exists(folder.PathOf("s")));
        Assert.False(ImageInspection.Run(path, new ImageInspectionOptions()).NeedsCheck);
        Assert.True(DiskBytes.OfFile(path).AsSpan(50_000, data.Length).SequenceEqual(data));
    }

    // Each writer has its own part of the disk; the last client only flushes, which must cover what all of them have been told is written.
    private static StampedRegion[] ServeAndKill(string path, string? socket, Random random)
    {
        using HelperProcess server = new(["serve", path, "write", .. socket is null ? Array.Empty<string>() : [socket]]);
        string uri = server.ReadLine() ?? throw new InvalidOperationException($"The server ended by itself: {server.Errors}");
        StampedRegion[] regions = [.. Enumerable.Range(0, Writers).Select(
            i => new StampedRegion((long)i * RegionSectors * StampedRegion.SectorSize, RegionSectors, i + 1))];
        using ManualResetEventSlim reached = new();
        using CancellationTokenSource killed = new();
        int wanted = random.Next(20, 600);
        int total = 0;
        Exception? failure = null;

        Thread[] threads = [.. regions.Select(region => Start(new Random(random.Next()), region)), Start(random: null, region: null)];
        bool isReached = reached.Wait(Patience.Limit);
        SpinWait.SpinUntil(() => false, TimeSpan.FromMicroseconds(random.Next(0, 3000)));
        killed.Cancel();
        server.Kill();
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(Patience.Limit), "A client still waits for a server that was killed.");
        }

        Assert.True(failure is null, $"A client failed before the kill: {failure}");
        Assert.True(isReached, $"Only {total} of {wanted} changes were acknowledged in {Patience.Limit}.");
        return regions;

        Thread Start(Random? random, StampedRegion? region)
        {
            Thread thread = new(() =>
            {
                try
                {
                    using PlainClient client = PlainClient.Connect(uri);
                    while (true)
                    {
                        if (region is null)
                        {
                            FlushForAll(client, regions);
                        }
                        else
                        {
                            Change(client, region, random!);
                            if (Interlocked.Increment(ref total) == wanted)
                            {
                                reached.Set();
                            }
                        }
                    }
                }
                catch (Exception e) when ((e is SocketException or EndOfStreamException) && killed.IsCancellationRequested)
                {
                    // As it must.
                }
                catch (Exception e)
                {
                    failure = e;
                    reached.Set();
                }
            });
            thread.Start();
            return thread;
        }
    }

    private static void FlushForAll(PlainClient client, StampedRegion[] regions)
    {
        int[] done = [.. regions.Select(region => region.Done)];
        client.Flush();
        for (int i = 0; i < regions.Length; i++)
        {
            regions[i].MakeSafe(done[i]);
        }
    }

    private static void Change(PlainClient client, StampedRegion region, Random random)
    {
        int first = random.Next(region.Sectors);
        int count = random.Next(1, Math.Min(region.Sectors - first, 48) + 1);
        long offset = region.Start + ((long)first * StampedRegion.SectorSize);
        int bytes = count * StampedRegion.SectorSize;
        ushort flags = random.Next(4) == 0 ? PlainClient.Fua : (ushort)0;
        switch (random.Next(12))
        {
            case 0:
                int done = region.Done;
                client.Flush();
                region.MakeSafe(done);
                return;
            case 1:
                region.Begin(first, count, isZero: true);
                client.Zero(offset, bytes, flags);
                break;
            default:
                client.Write(offset, region.Begin(first, count, isZero: false), flags);
                break;
        }

        if (flags == 0)
        {
            region.Finish();
        }
        else
        {
            region.FinishSafely(first, count);
        }
    }

    private static void Require(StampedRegion[] regions, string path, string what)
    {
        byte[] disk = DiskBytes.OfFile(path);
        foreach (StampedRegion region in regions)
        {
            string? problem = region.ProblemWith(disk);
            Assert.True(problem is null, $"{what}: {problem}");
        }
    }
}
