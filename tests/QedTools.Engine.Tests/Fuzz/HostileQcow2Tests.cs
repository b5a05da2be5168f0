using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>
/// Whatever a qcow2 file contains, it opens or fails with one of the engine's own errors; and the cost of opening and walking it
/// depends on what is in the file, not on what it claims.
/// </summary>
public sealed class HostileQcow2Tests
{
    // Opening: the header, its extensions, the name of the backing file. Walking both ends: the table pages that map this much
    // of the disk, and four decompressed clusters.
    private static readonly HostileBounds Bounds = new(
        ReadsToOpen: 300, MemoryToOpen: 2 << 20, WalkedBytes: 16L << 20, ReadsToWalk: 3000, MemoryToWalk: 20L << 20);

    [Fact]
    public void A_mutated_file_opens_or_fails_with_an_engine_error()
    {
        int opened = 0;
        const int Rounds = 1500;
        Seeded.Run(8_000_000, Rounds, random =>
        {
            Qcow2Sketch sketch = Base(random);
            for (int i = random.Pick(1, 1, 2, 3, 5); i > 0; i--)
            {
                Mutate(random, sketch);
            }

            opened += Survives(random, sketch.Storage) ? 1 : 0;
        });
        Assert.True(opened > Rounds / 3, $"Only {opened} of {Rounds} files opened: the mutations are too coarse to test anything");
    }

    [Fact]
    public void Random_bytes_after_the_magic_fail_with_an_engine_error() => Seeded.Run(9_000_000, 300, random =>
    {
        byte[] bytes = new byte[random.Pick(random.Next(4, 200), 65536 + random.Next(5000))];
        random.NextBytes(bytes);
        new byte[] { (byte)'Q', (byte)'F', (byte)'I', 0xFB }.CopyTo(bytes, 0);
        MemoryStorage storage = new("memory.qcow2");
        storage.Write(0, bytes);
        Assert.False(Survives(random, storage));
    });

    [Fact]
    public void A_file_truncated_anywhere_opens_or_fails_with_an_engine_error() => Seeded.Run(10_000_000, 200, random =>
    {
        Qcow2Sketch sketch = Base(random);
        sketch.Storage.SetLength(random.NextInt64(sketch.Storage.Length));
        Survives(random, sketch.Storage);
    });

    [Theory]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(21)]
    public void The_cost_of_a_file_depends_on_its_contents_and_not_on_the_size_it_claims(int bits)
    {
        Qcow2Sketch sketch = new(1 << 20, bits);
        long perTable = sketch.BytesPerTable;
        sketch.Write32(36, uint.MaxValue);
        sketch.Write64(24, (ulong)Math.Min(long.MaxValue / 2, (1L << 30) * perTable));
        sketch.Storage.SetLength(long.MaxValue / 2);
        Assert.True(Survives(new Random(1), sketch.Storage));
    }

    [Fact]
    public void The_cost_of_a_long_list_of_snapshots_depends_on_what_is_in_the_file()
    {
        // Consecutive entries without strings, in a file of holes.
        Qcow2Sketch sketch = new(1 << 20);
        sketch.AddSnapshots(new SketchedSnapshot("1", "a"));
        sketch.Write32(60, 65536);
        sketch.Storage.SetLength(1L << 40);
        MeteredStorage storage = new(sketch.Storage) { Limit = 300_000 };
        Qcow2Layer layer = Qcow2Layer.Open(storage);
        Assert.InRange(layer.Snapshots.Count(), 65536, 65536);

        sketch.Write32(sketch.SnapshotsOffset + 36, 1 << 30);
        Assert.Throws<QedDamagedFileException>(() => layer.Snapshots.Count());
    }

    [Fact]
    public void A_snapshot_that_claims_a_huge_disk_is_walked_quickly()
    {
        Qcow2Sketch sketch = new(1 << 20, clusterBits: 21);
        sketch.AddSnapshots(new SketchedSnapshot("1", "a") { ExtraBytes = 0, L1Size = 1 });
        const long MaxSize = long.MaxValue - 511;
        sketch.Write64(24, MaxSize);
        sketch.Write32(36, uint.MaxValue);
        sketch.Storage.SetLength(1L << 50);
        Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
        layer.UseSnapshot(layer.Snapshots.First());
        IDisk disk = layer.ToDisk(backing: null);

        Assert.Equal(MaxSize, disk.Length);
        Assert.Equal(disk.Length, ExtentWalk.Over(disk, 0, disk.Length, CancellationToken.None).Sum(extent => extent.Length));
    }

    [Fact]
    public void One_table_that_maps_all_of_a_large_disk_is_walked_quickly()
    {
        // All entries of a 32 MiB L1 table refer to the same table of zero clusters: 2^35 entries to look at.
        Qcow2Sketch sketch = new(1L << 51, clusterBits: 16);
        long table = sketch.Append();
        for (int i = 0; i < 8192; i++)
        {
            sketch.Write64(table + (8L * i), 1);
        }

        for (long i = 0; i < 1L << 22; i++)
        {
            sketch.Write64(sketch.L1Offset + (8 * i), (ulong)table);
        }

        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);
        DiskExtent extent = disk.ExtentAt(0, disk.Length);

        Assert.Equal(QedExtentState.Zero, extent.State);
        Assert.InRange(extent.Length, 1, 64L * 8192 * 65536);
    }

    private static bool Survives(Random random, MemoryStorage file) => HostileFile.Survives(
        random,
        file,
        Bounds,
        Qcow2Layer.Open,
        layer =>
        {
            if (layer.NeedsFiles)
            {
                MemoryStorage data = new(HostileFile.DataFile);
                data.SetLength(random.Pick(layer.VirtualSize, layer.VirtualSize / 2, 0));
                layer.Attach([data]);
            }

            if (random.Next(2) == 0)
            {
                UseSnapshot(random, layer, file);
            }

            return layer.ToDisk(backing: null);
        },
        (disk, extent) =>
        {
            if (extent.FileOffset != DiskExtent.Packed)
            {
                Assert.InRange(extent.FileOffset, extent.File > 0 ? 0 : 512, extent.File > 0 ? disk.Length : file.Length);
            }
        });

    // Uses one of the snapshots that can be listed, whether or not it can be opened.
    private static void UseSnapshot(Random random, Qcow2Layer layer, MemoryStorage file)
    {
        List<DiskSnapshot> snapshots = [];
        HostileFile.Attempt(file, () => snapshots.AddRange(layer.Snapshots));
        if (snapshots.Count > 0)
        {
            HostileFile.Attempt(file, () => layer.UseSnapshot(snapshots[random.Next(snapshots.Count)]));
        }
    }

    private static Qcow2Sketch Base(Random random)
    {
        int bits = random.Pick(9, 9, 12, 12, 12, 16, 21);
        bool hasSubclusters = random.Next(3) == 0;
        bits = hasSubclusters ? random.Pick(14, 14, 16, 21) : bits;
        Qcow2Sketch sketch = new(random.NextInt64(1, 3000) * 512, bits, hasSubclusters ? 3 : random.Pick(2u, 3u, 3u), hasSubclusters: hasSubclusters);
        bool hasDataFile = sketch.Version == 3 && random.Next(5) == 0;
        long clusters = ((sketch.VirtualSize - 1) >> bits) + 1;
        if (sketch.Version == 3 && random.Next(3) == 0)
        {
            sketch.UseZstd();
        }

        if (random.Next(3) == 0)
        {
            sketch.AddExtension(random.Pick(0x6803F857u, 0x23852875u, 0x12345678u), new byte[random.Next(40)]);
        }

        if (hasDataFile)
        {
            sketch.NameDataFile(HostileFile.DataFile);
        }

        if (random.Next(3) == 0)
        {
            sketch.NameBacking("base.raw", random.Pick("raw", "qcow2", null));
        }

        for (int i = random.Next(8); i > 0; i--)
        {
            long cluster = random.NextInt64(clusters);
            if (hasDataFile)
            {
                sketch.SetEntry(cluster, (ulong)(cluster << bits) | Qcow2Sketch.Copied);
            }
            else if (bits < 21 && random.Next(3) == 0)
            {
                sketch.PutCompressed(cluster, Qcow2DiskTests.Text(i, 1 << bits), gap: random.Next(20));
            }
            else
            {
                sketch.Put(cluster, [1, 2, 3]);
            }

            if (hasSubclusters && random.Next(2) == 0)
            {
                uint zero = (uint)random.Next() & (uint)random.Next();
                sketch.SetSubclusters(cluster, (uint)random.NextInt64(1L << 32) & ~zero, zero);
            }
        }

        if (random.Next(3) == 0)
        {
            sketch.AddSnapshots([.. Enumerable.Range(1, random.Next(1, 5)).Select(id => new SketchedSnapshot($"{id}", $"name {id}")
            {
                ExtraBytes = random.Pick(0, 16, 24, 24),
                L1Offset = random.Next(2) == 0 ? sketch.L1Offset : sketch.Append(),
            })]);
        }

        return sketch;
    }

    private static void Mutate(Random random, Qcow2Sketch sketch)
    {
        ulong value = Interesting(random, sketch);
        int clusters = (int)(((sketch.VirtualSize - 1) >> sketch.ClusterBits) + 1);
        switch (random.Next(15))
        {
            case 0:
                sketch.Write64(random.Pick(8, 24, 40, 48, 64, 72, 80, 88), value);
                break;
            case 1:
                sketch.Write32(random.Pick(4, 16, 20, 32, 36, 56, 60, 96, 100), random.Next(2) == 0 ? (uint)random.Next(25) : (uint)value);
                break;
            case 2:
                sketch.Write32(104 + (4 * random.Next(20)), random.Next(2) == 0 ? (uint)random.Next(2000) : (uint)value);
                break;
            case 3 or 4:
                sketch.Write64(sketch.L1Offset + (8 * random.Next(4)), value);
                break;
            case 5 or 6 or 7:
                sketch.SetEntry(random.Next(clusters), value);
                break;
            case 8:
                // Compressed data at any offset and of any length.
                sketch.SetEntry(random.Next(clusters), Qcow2Sketch.Compressed | ((ulong)random.Next() << (62 - (sketch.ClusterBits - 8))) | (ulong)random.NextInt64(sketch.Storage.Length + 1000));
                break;
            case 9:
                sketch.Storage.SetLength(Math.Max(200, random.Pick(sketch.Storage.Length - sketch.ClusterSize, sketch.Storage.Length - 1, (long)(value & ((1UL << 60) - 1)))));
                break;
            case 10 or 11 when sketch.HasSubclusters:
                sketch.SetSubclusters(random.Next(clusters), (uint)value, random.Next(2) == 0 ? (uint)(value >> 32) : (uint)random.Next());
                break;
            case 12 or 13 when sketch.SnapshotsOffset > 0:
                sketch.Write32(sketch.SnapshotsOffset + (4 * random.Next(40)), random.Next(2) == 0 ? (uint)random.Next(2000) : (uint)value);
                break;
            default:
                byte[] noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                sketch.Storage.Write(sketch.ClusterSize + random.NextInt64(Math.Min(1 << 20, sketch.Storage.Length)), noise);
                break;
        }
    }

    private static ulong Interesting(Random random, Qcow2Sketch sketch)
    {
        ulong value = random.Next(9) switch
        {
            0 => (ulong)random.Next(8),
            1 => 1UL << random.Next(64),
            2 => ulong.MaxValue,
            3 => (ulong)sketch.Storage.Length,
            4 => (ulong)sketch.VirtualSize,
            5 => (ulong)random.NextInt64(long.MaxValue),
            _ => (ulong)random.NextInt64(Math.Min((sketch.Storage.Length >> sketch.ClusterBits) + 2, 1000)) << sketch.ClusterBits,
        };
        value = unchecked(value + (ulong)(random.Pick(0, 0, 1, -1) * (long)random.Pick(1, 1, 1, 512, 4096)));
        return random.Next(3) == 0 ? value | Qcow2Sketch.Copied : value;
    }
}
