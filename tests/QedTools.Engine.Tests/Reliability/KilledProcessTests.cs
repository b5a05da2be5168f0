using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.CrashWriter;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>A writing process is killed at any moment: everything that it reported as flushed is there, and its lock is gone.</summary>
public sealed class KilledProcessTests(ITestOutputHelper output)
{
    private const int Kills = 50;
    private const int Size = 8 << 20;

    // After that there are fewer kills: the machine is busy with something else.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(35);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Everything_a_killed_process_had_flushed_is_there()
    {
        int seed = Seeds.One;
        Random random = new(seed);
        Stopwatch time = Stopwatch.StartNew();
        int kills = 0;
        int rounds = 0;
        int dirty = 0;
        for (; kills < Kills && time.Elapsed < MaxTime; kills++)
        {
            using TempFolder folder = new();
            bool hasBacking = kills % 2 == 1;
            string path = MakeImage(folder, random, hasBacking, out byte[] contents);
            int helperSeed = random.Next();
            (int flushed, int begun) = WriteAndKill(path, helperSeed, random);
            rounds += flushed;

            QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());
            Assert.False(info.InUse, "The lock of a killed process still exists.");
            dirty += info.NeedsCheck ? 1 : 0;
            string what = string.Format(
                CultureInfo.InvariantCulture, "kill {0} (seed {1}, helper's {2}), {3} rounds flushed, {4} begun", kills, seed, helperSeed, flushed, begun);
            RequireContents(path, contents, helperSeed, flushed, begun, what + ", before the repair");
            QedRepairResult repair = ImageRepair.Run(path, new ImageRepairOptions { NoBackup = kills % 4 < 2 }, cancellation: Token);
            Assert.True(repair.After is { Status: QedCheckStatus.Clean, NeedsCheck: false }, $"{what}: {repair.After}");
            RequireContents(path, contents, helperSeed, flushed, begun, what);
            if (Qemu.IsInstalled)
            {
                Assert.Contains("No errors were found", Qemu.Img("check", "-f", "qed", path), StringComparison.Ordinal);
            }
        }

        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "seed {0}: {1} kills, {2} rounds reported as flushed and verified, {3} images left with the need-check bit, {4:0.0} s, qemu-img check: {5}",
            seed,
            kills,
            rounds,
            dirty,
            time.Elapsed.TotalSeconds,
            Qemu.IsInstalled ? "agrees each time" : Qemu.SkipReason));
        Assert.True(kills > 0);
    }

    private static string MakeImage(TempFolder folder, Random random, bool hasBacking, out byte[] contents)
    {
        contents = new byte[Size];
        if (hasBacking)
        {
            random.NextBytes(contents.AsSpan(0, Size / 2));
            File.WriteAllBytes(folder.PathOf("base.raw"), contents[..(Size / 2)]);
        }

        string path = folder.PathOf("top.qed");
        ImageCreationOptions options = new()
        {
            SizeBytes = Size,
            ClusterSize = 4096,
            TableSize = 2,
            BackingFile = hasBacking ? "base.raw" : null,
        };
        ImageCreation.Run(path, options, Token);
        return path;
    }

    private static (int Flushed, int Begun) WriteAndKill(string path, int seed, Random random)
    {
        using HelperProcess helper = new("write", path, seed.ToString(CultureInfo.InvariantCulture));
        List<string> lines = [];
        int wanted = random.Next(1, 40);
        int delay = random.Next(0, 4000);
        while (lines.Count < wanted && helper.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        // Kill it somewhere inside the next round.
        SpinWait.SpinUntil(() => false, TimeSpan.FromMicroseconds(delay));
        lines.AddRange(helper.Kill());
        Assert.True(lines.Count >= wanted, $"The helper ended by itself: {helper.Errors}");
        return (LastOf("flushed "), LastOf("begun "));

        int LastOf(string word) => lines.Where(line => line.StartsWith(word, StringComparison.Ordinal))
            .Select(line => int.TryParse(line[word.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0)
            .DefaultIfEmpty(0)
            .Max();
    }

    private static void RequireContents(string path, byte[] before, int seed, int flushed, int begun, string what)
    {
        DiskExpectation expectation = new(before);
        WriteRounds rounds = new(seed, before.Length);

        // The line that reports the last round may have been lost with the process.
        for (int round = 1; round <= Math.Max(begun, flushed + 1); round++)
        {
            foreach ((long offset, byte[] data) in rounds.Next())
            {
                expectation.Change(0, offset, data);
            }

            if (round == flushed)
            {
                expectation.Flushed(0);
            }
        }

        using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: Token);
        byte[] now = new byte[disk.Length];
        disk.ReadExactly(now);
        try
        {
            expectation.Require(now, [], count: 0);
        }
        catch (ViolationException e)
        {
            Assert.Fail($"{what}: {e.Message}");
        }
    }
}
