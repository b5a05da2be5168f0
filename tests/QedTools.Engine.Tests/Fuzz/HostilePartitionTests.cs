using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using QedTools.Partitions;
using QedTools.Tests.Partitions;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>Whatever tables and superblocks say, they are read with few reads and little memory, and never with an exception.</summary>
public sealed class HostilePartitionTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    // 251 logical partitions twice (for both sizes of sectors) and their tables, or 1,024 of a GPT, each with the head and three further reads.
    private const int MaxReads = 6000;

    private static readonly string[] FileSystems = [.. PartitionFixtures.Rows("filesystems.tsv").Select(row => row["file"])];
    private static readonly Dictionary<string, byte[]> Stored = FileSystems
        .Concat(["mbr.img", "gpt.img", "gpt-4096.img", "gpt-hybrid.img", "isohybrid.img"])
        .ToDictionary(file => file, PartitionFixtures.Bytes);

    [Fact]
    public void A_mutated_superblock_is_read_or_not_recognized() => Run(firstSeed: 41_000, random =>
    {
        string file = random.Pick(FileSystems);
        byte[] bytes = (byte[])Stored[file].Clone();
        Mutate(random, bytes, 0, Math.Min(bytes.Length, file.StartsWith("btrfs", StringComparison.Ordinal) ? 70000 : 2048));
        MemoryStorage storage = MemoryStorage.Of("hostile.raw", bytes);
        storage.SetLength(random.Pick(bytes.Length, 400L << 20, random.Next(1, bytes.Length + 1), long.MaxValue & ~511L));
        return storage;
    });

    [Fact]
    public void A_mutated_table_is_read_or_not_recognized() => Run(firstSeed: 42_000, random =>
    {
        byte[] bytes = (byte[])Stored[random.Pick("mbr.img", "gpt.img", "gpt-4096.img", "gpt-hybrid.img", "isohybrid.img")].Clone();
        Mutate(random, bytes, 446, 66);
        if (random.Next(2) == 0)
        {
            Mutate(random, bytes, random.Pick(512, 1024, 4096, bytes.Length - 512, 3 << 20, 4 << 20), 1024);
        }

        MemoryStorage storage = MemoryStorage.Of("hostile.raw", bytes);
        storage.SetLength(random.Pick(bytes.Length, 1L << 40, random.Next(1, bytes.Length + 1), long.MaxValue & ~511L));
        return storage;
    });

    // With checksums that fit, so that the numbers behind them are believed.
    [Fact]
    public void A_GPT_with_any_numbers_is_read_or_not_recognized() => Run(firstSeed: 43_000, random =>
    {
        int sectorSize = random.Pick(512, 4096);
        (ulong, ulong, string)[] partitions = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (Number(random), Number(random), "hostile"))];
        MemoryStorage storage = TableSketch.Gpt(20480, sectorSize, 128, 128, partitions);
        TableSketch.WriteGpt(
            storage, 1, (long)Number(random), (long)Number(random) >> random.Next(64), sectorSize, random.Pick(128, 256, 384, 64), random.Pick(128, 40, 3000), partitions.Take(random.Pick(0, 3)).ToArray());
        storage.SetLength(random.Pick(20480L * sectorSize, 1L << 50, long.MaxValue & ~511L));
        return storage;
    });

    [Fact]
    public void A_table_of_thousands_of_partitions_costs_no_more_than_those_that_are_listed()
    {
        (ulong, ulong, string)[] partitions = [.. Enumerable.Range(0, 30000).Select(i => (20000UL + (ulong)(i * 8), 20007UL + (ulong)(i * 8), "p"))];
        CountedDisk disk = PartitionFixtures.DiskOf(TableSketch.Gpt(1 << 20, 512, 128, 30000, partitions));
        PartitionTable table = PartitionTable.Of(disk, 512);
        Assert.Equal(PartitionTable.MaxPartitions, table.Entries.Count);
        Assert.Contains(table.Problems, problem => problem.Contains("more than 1024 partitions", StringComparison.Ordinal));
        Assert.Equal(PartitionTable.MaxPartitions, PartitionSurvey.Describe(disk, table, "many.raw", trace: null).Count);
        Assert.InRange(disk.Reads, 1, MaxReads);
    }

    private static void Run(int firstSeed, Func<Random, MemoryStorage> make)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int recognized = 0;
        int rounds = 0;
        Seeded.Run(firstSeed, 1500, random =>
        {
            if (clock.Elapsed > Enough)
            {
                return;
            }

            rounds++;
            CountedDisk disk = PartitionFixtures.DiskOf(make(random));
            PartitionTable table = PartitionTable.Of(disk, random.Pick(512, 4096));
            IReadOnlyList<QedPartition> found = PartitionSurvey.Describe(disk, table, "hostile.raw", new OperationTrace { Warning = Fail });
            Assert.InRange(disk.Reads, 0, MaxReads);
            Assert.InRange(disk.BytesRead, 0, 100L << 20);
            Assert.All(found, one => Assert.True(one.Start >= 0 && one.Length >= 0 && one.End >= one.Start && one.UsedBytes is null or >= 0, one.ToString()));
            Assert.Equal(found.Count, found.Select(one => one.Number).Distinct().Count());
            recognized += table.Kind != QedPartitionTable.None || found.Any(one => one.FileSystem is not null) ? 1 : 0;
        });
        Assert.True(recognized > rounds / 4, $"Only {recognized} of {rounds} disks had anything: the mutations are too coarse to test anything");
    }

    private static void Fail(string warning) => throw new InvalidOperationException(warning);

    private static ulong Number(Random random) => random.Pick<ulong>(
        0, 1, (ulong)random.Next(40000), (ulong)random.NextInt64(), ulong.MaxValue, ulong.MaxValue >> random.Next(64), 1UL << random.Next(64));

    private static void Mutate(Random random, byte[] bytes, int from, int length)
    {
        for (int i = random.Pick(1, 1, 2, 4, 8); i > 0; i--)
        {
            int at = from + random.Next(Math.Max(1, Math.Min(length, bytes.Length - from)));
            if (at >= bytes.Length)
            {
                continue;
            }

            switch (random.Next(3))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    random.NextBytes(bytes.AsSpan(at, Math.Min(random.Pick(1, 2, 4, 8, 16), bytes.Length - at)));
                    break;
                default:
                    bytes.AsSpan(at, Math.Min(random.Pick(1, 2, 4, 8), bytes.Length - at)).Fill(random.Pick<byte>(0, 0xFF, 0x7F, 0x80));
                    break;
            }
        }
    }
}
