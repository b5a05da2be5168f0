using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Interchange.Vhdx;
using QedTools.Tests.Interchange.Vhdx;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>
/// Whatever a VHDX file contains, it opens or fails with one of the engine's own errors; and the cost of opening and walking it
/// depends on what is in the file, not on what it claims.
/// </summary>
public sealed class HostileVhdxTests
{
    private const int MiB = 1 << 20;

    // Opening: the tables, some metadata items of at most 1 MiB; every position of a log, and its entries a few times over.
    // Walking both ends: the 64 KiB pages of this much of the table, and one for each bitmap.
    private static readonly HostileBounds Bounds = new(
        ReadsToOpen: 40 + (30 * 256), MemoryToOpen: 5 * MiB, WalkedBytes: 64L * MiB, ReadsToWalk: 2000, MemoryToWalk: 24L * MiB);

    private static readonly Dictionary<string, string> Locator = new()
    {
        ["parent_linkage"] = "{83ed0ec3-24c8-49a6-a959-5e4bf1288bfb}",
        ["relative_path"] = @".\parent.vhdx",
    };

    [Fact]
    public void A_mutated_file_opens_or_fails_with_an_engine_error()
    {
        int opened = 0;
        int rounds = 3000;
        Seeded.Run(5_000_000, rounds, random =>
        {
            VhdxSketch sketch = Base(random);
            for (int i = random.Pick(1, 1, 2, 3, 5); i > 0; i--)
            {
                Mutate(random, sketch);
            }

            opened += Survives(random, sketch.Storage) ? 1 : 0;
        });
        Assert.True(opened > rounds / 3, $"Only {opened} of {rounds} files opened: the mutations are too coarse to test anything");
    }

    [Fact]
    public void Random_bytes_after_the_magic_fail_with_an_engine_error() => Seeded.Run(6_000_000, 300, random =>
    {
        byte[] bytes = new byte[random.Pick(random.Next(8, 200), 65536 + random.Next(5000), 400_000)];
        random.NextBytes(bytes);
        "vhdxfile"u8.CopyTo(bytes);
        MemoryStorage storage = new("memory.vhdx");
        storage.Write(0, bytes);
        Assert.False(Survives(random, storage));
    });

    [Fact]
    public void A_file_truncated_anywhere_opens_or_fails_with_an_engine_error() => Seeded.Run(7_000_000, 300, random =>
    {
        VhdxSketch sketch = Base(random);
        sketch.Storage.SetLength(random.NextInt64(sketch.Storage.Length));
        Survives(random, sketch.Storage);
    });

    [Theory]
    [InlineData(1, 512)]
    [InlineData(256, 512)]
    [InlineData(1, 4096)]
    [InlineData(256, 4096)]
    public void The_cost_of_a_file_depends_on_its_contents_and_not_on_the_size_it_claims(int blockMiB, int sectorSize)
    {
        VhdxSketch sketch = new(64L << 40, blockMiB * MiB, sectorSize, Locator);
        sketch.Storage.SetLength(long.MaxValue);
        Assert.True(Survives(new Random(1), sketch.Storage));
    }

    private static bool Survives(Random random, MemoryStorage file) => HostileFile.Survives(
        random,
        file,
        Bounds,
        VhdxLayer.Open,
        layer => layer.ToDisk(backing: null),
        (_, extent) => Assert.InRange(extent.FileOffset, MiB, long.MaxValue - extent.Length));

    private static VhdxSketch Base(Random random)
    {
        bool hasParent = random.Next(2) == 0;
        int blockSize = MiB << random.Pick(0, 0, 1, 8);
        VhdxSketch sketch = new(random.NextInt64(1, 40_000) * 4096, blockSize, random.Pick(512, 4096), hasParent ? Locator : null);
        long blocks = (sketch.VirtualSize + blockSize - 1) / blockSize;
        for (int i = random.Next(6); i > 0; i--)
        {
            long block = random.NextInt64(blocks);
            sketch.Put(block, [1, 2, 3], state: hasParent ? random.Pick<ulong>(6, 7) : 6);
        }

        if (hasParent)
        {
            sketch.PutBitmap(0, (random.Next(1000), random.Next(5000)));
        }

        if (random.Next(3) == 0)
        {
            LogSketch log = new(sketch) { Position = random.Next(256) * 4096L, FileLengths = (sketch.Storage.Length, sketch.Storage.Length + MiB) };
            log.Announce();
            long tail = log.Position;
            for (ulong number = 1; number < (ulong)random.Next(2, 8); number++)
            {
                log.Add(
                    number,
                    tail,
                    LogSketch.Data(sketch.BatOffset, new byte[4096]),
                    LogSketch.Zeroes(random.NextInt64(sketch.Storage.Length / 4096) * 4096, random.Next(4) * 4096),
                    LogSketch.Data(random.NextInt64(sketch.Storage.Length / 4096) * 4096, Enumerable.Repeat((byte)random.Next(256), 4096).ToArray()));
            }
        }

        return sketch;
    }

    private static void Mutate(Random random, VhdxSketch sketch)
    {
        ulong value = Interesting(random, sketch);
        switch (random.Next(14))
        {
            case 0:
                long header = random.Pick(VhdxSketch.FirstHeader, VhdxSketch.SecondHeader);
                sketch.Reseal(header, 4096, bytes => Put(bytes, random.Pick(8, 48, 64, 66, 68, 72), value, random.Pick(2, 4, 8)));
                break;
            case 1:
                long table = random.Pick(VhdxSketch.FirstRegionTable, VhdxSketch.SecondRegionTable);
                sketch.Reseal(table, 65536, bytes => Put(bytes, random.Pick(8, 16, 32, 40, 44, 48, 64, 72, 76), value, random.Pick(4, 8)));
                break;
            case 2:
                sketch.Write32(sketch.MetadataOffset + random.Pick(8, 10, 32, 48, 52, 56, 80, 84, 112, 116, 208, 212), (uint)value);
                break;
            case 3:
                sketch.Write64(sketch.ItemOffset(random.Next(4)) + random.Pick(0, 4, 16, 18, 20, 24, 28, 30), value);
                break;
            case 4 or 5 or 6 or 7:
                sketch.Write64(sketch.BatOffset + (8 * random.Next(20)), value);
                break;
            case 8:
                sketch.Write64(sketch.BitmapEntryOffset(0), value);
                break;
            case 9 or 10:
                // A log entry with a valid checksum.
                long at = VhdxSketch.LogOffset + (random.Next(256) * 4096L);
                sketch.Reseal(at, 4096, bytes => Put(bytes, random.Pick(8, 12, 16, 24, 48, 56, 64, 72, 80, 88, 96, 104, 112), value, random.Pick(4, 8)));
                break;
            case 11:
                sketch.Storage.SetLength(random.Pick(sketch.Storage.Length - MiB, sketch.Storage.Length - 1, (long)(value & long.MaxValue)) switch
                {
                    < MiB => MiB,
                    var length => length,
                });
                break;
            case 12:
                sketch.Write32(random.NextInt64(5 * MiB / 4) * 4, (uint)value);
                break;
            default:
                byte[] noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                sketch.Storage.Write(random.NextInt64(4 * MiB), noise);
                break;
        }
    }

    private static void Put(byte[] bytes, int at, ulong value, int size) => BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(bytes.AsSpan(at));

    private static ulong Interesting(Random random, VhdxSketch sketch)
    {
        ulong value = random.Next(9) switch
        {
            0 => (ulong)random.Next(8),
            1 => 1UL << random.Next(64),
            2 => ulong.MaxValue,
            3 => (ulong)sketch.Storage.Length,
            4 => (ulong)sketch.VirtualSize,
            5 => (ulong)random.NextInt64(long.MaxValue),
            _ => (ulong)random.NextInt64(Math.Min((sketch.Storage.Length / MiB) + 2, 1000)) * MiB,
        };
        return unchecked(value + (ulong)(random.Pick(0, 0, 6, 6, 7, -1, 1) * (long)random.Pick(1, 1, 1, 512, 4096)));
    }
}
