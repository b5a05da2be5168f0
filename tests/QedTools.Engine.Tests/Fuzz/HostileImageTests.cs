using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Threading;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Tests.Qed.Checking;
using QedTools.Tests.Qed.Metadata;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>
/// Whatever a file contains, it opens or fails with one of the engine's own errors; and the cost of opening, checking and walking it
/// depends on what is in the file, not on what it claims.
/// </summary>
public sealed class HostileImageTests
{
    // Opening: the header and the backing name, and the empty cache.
    private const int MaxReadsToOpen = 2;
    private const long MaxMemoryToOpen = 128 << 10;

    // Checking: two passes over L1 and one over each allocated table; twice the largest piece, and the first parts of the sets.
    private const int MaxReadsToCheck = 1200;
    private const long MaxMemoryToCheck = 16 << 20;

    // Walking: the pages of L1 that the size needs, and those of each table. A page is at most 64 KiB.
    private const int MaxReadsToWalk = 3000;
    private const long MaxMemoryPerRead = (64 << 10) + 1024;

    private static readonly int[] NumberFields = [4, 8, 12, 56, 60];

    private static readonly int[] LongFields = [16, 24, 32, 40, 48];

    [Fact]
    public void A_mutated_image_opens_or_fails_with_an_engine_error()
    {
        int opened = 0;
        int rounds = 20_000;
        Seeded.Run(1_000_000, rounds, random =>
        {
            ImageSketch sketch = BaseImage(random);
            for (int i = random.Pick(1, 1, 2, 3, 5); i > 0; i--)
            {
                Mutate(random, sketch);
            }

            opened += Survives(sketch.Storage) ? 1 : 0;
        });
        Assert.True(opened > rounds / 3, $"Only {opened} of {rounds} images opened: the mutations are too coarse to test anything");
    }

    [Fact]
    public void Random_bytes_after_the_magic_open_or_fail_with_an_engine_error() => Seeded.Run(2_000_000, 20_000, random =>
    {
        byte[] bytes = new byte[random.Pick(random.Next(4, 70), 4096, 12288, random.Next(64, 20_000))];
        random.NextBytes(bytes);
        "QED\0"u8.CopyTo(bytes);
        MemoryStorage storage = new();
        storage.Write(0, bytes);
        Survives(storage);
    });

    [Fact]
    public void Random_but_plausible_fields_open_or_fail_with_an_engine_error()
    {
        int opened = 0;
        int rounds = 5000;
        Seeded.Run(3_000_000, rounds, random =>
        {
            byte[] bytes = new byte[random.Pick(12288, 16384, 32768)];
            random.NextBytes(bytes);
            Span<byte> header = bytes;
            "QED\0"u8.CopyTo(header);
            BinaryPrimitives.WriteInt32LittleEndian(header[4..], 4096);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], random.Pick(1, 2));
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], 1);
            BinaryPrimitives.WriteInt64LittleEndian(header[16..], random.Next(8));
            BinaryPrimitives.WriteInt64LittleEndian(header[40..], random.Pick(4096, 4096, 8192));
            BinaryPrimitives.WriteInt64LittleEndian(header[48..], random.NextInt64(1 << 21) * 512);
            BinaryPrimitives.WriteInt32LittleEndian(header[56..], random.Next(5000));
            BinaryPrimitives.WriteInt32LittleEndian(header[60..], random.Next(5000));
            for (int i = 0; i < 60; i++)
            {
                // Let some of the garbage in the tables refer to clusters in the file.
                int at = 4096 + (random.Next((bytes.Length - 4096) / 8) * 8);
                BinaryPrimitives.WriteInt64LittleEndian(header[at..], random.Next(0, 9) * 4096L);
            }

            MemoryStorage storage = new();
            storage.Write(0, bytes);
            opened += Survives(storage) ? 1 : 0;
        });
        Assert.True(opened > rounds / 4, $"Only {opened} of {rounds} images opened: the bytes are too random to test anything");
    }

    [Fact]
    public void A_file_of_random_bytes_fails_with_an_engine_error() => Seeded.Run(4_000_000, 2000, random =>
    {
        byte[] bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        MemoryStorage storage = new();
        storage.Write(0, bytes);
        Assert.False(Survives(storage));
    });

    [Fact]
    public void The_cost_of_an_image_depends_on_its_contents_and_not_on_the_size_it_claims()
    {
        for (int bits = 12; bits <= 26; bits++)
        {
            foreach (int tableSize in new[] { 1, 2, 4, 8, 16 })
            {
                Int128 entries = ((Int128)tableSize << bits) / 8;
                ImageSketch sketch = new(1 << bits, tableSize, (long)Int128.Min(entries * entries << bits, long.MaxValue - 511));
                sketch.Storage.SetLength(long.MaxValue);
                Assert.True(Survives(sketch.Storage));
            }
        }
    }

    // Opens, checks and walks, within bounds. Returns whether the file could be opened.
    private static bool Survives(MemoryStorage file)
    {
        MeteredStorage storage = new(file) { Limit = MaxReadsToOpen };
        QedImage image;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            image = QedImage.Open(storage);
        }
        catch (QedException e)
        {
            Assert.Equal(file.Path, e.Path);
            Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
            return false;
        }

        HostileFile.RequireWithin("open", before, MaxMemoryToOpen);
        storage.Reset();
        storage.Limit = MaxReadsToCheck;
        before = GC.GetAllocatedBytesForCurrentThread();
        QedCheckResult result = ImageChecker.Check(image.File, null, CancellationToken.None);
        HostileFile.RequireWithin("check", before, MaxMemoryToCheck);
        AssertPlausible(image, result);

        storage.Reset();
        storage.Limit = MaxReadsToWalk;
        before = GC.GetAllocatedBytesForCurrentThread();
        foreach ((long offset, long length) in RangesToWalk(image))
        {
            AssertWalk(image, result, offset, length);
        }

        HostileFile.RequireWithin("walk", before, (1 << 20) + (storage.Reads * MaxMemoryPerRead));
        return true;
    }

    private static void AssertPlausible(QedImage image, QedCheckResult result)
    {
        Assert.Equal(Math.Min(result.CorruptionCount, 1000), result.Corruptions.Count);
        Assert.Equal(result.CorruptionCount > 0, result.Status == QedCheckStatus.Corrupt);
        Assert.InRange(result.LeakedClusters, 0, image.File.Layout.UsableClusters);
        Assert.InRange(result.AllocatedClusters + result.ZeroClusters, 0, result.TotalClusters);
        Assert.InRange(result.FragmentedClusters, 0, Math.Max(0, result.AllocatedClusters - 1));
        Assert.InRange(result.ImageEndOffset, image.File.L1TableOffset + 1, image.Header.Geometry.ClusterEnd(image.File.Layout.FileLength));
    }

    // The whole disk if its tables are of moderate size; otherwise, because even empty tables have many pages, both ends.
    private static IEnumerable<(long Offset, long Length)> RangesToWalk(QedImage image)
    {
        QedGeometry geometry = image.Header.Geometry;
        if (geometry.TableBytes <= 256 << 10)
        {
            yield return (0, image.VirtualSize);
            yield break;
        }

        long part = Math.Min(image.VirtualSize, geometry.ClusterSize * 1000L);
        yield return (0, part);
        yield return (image.VirtualSize - part, part);
    }

    private static void AssertWalk(QedImage image, QedCheckResult result, long offset, long length)
    {
        try
        {
            HostileFile.Walk(image.ToDisk(null), offset, length, extent => Assert.InRange(
                extent.FileOffset, image.Header.HeaderBytes, image.Header.Geometry.ClusterEnd(image.File.Layout.FileLength) - extent.Length));
        }
        catch (QedCorruptException e)
        {
            // Damage that stops the walk must have been found by the check.
            Assert.Equal(QedCheckStatus.Corrupt, result.Status);
            Assert.Contains(image.Storage.Path, e.Message, StringComparison.Ordinal);
        }
    }

    private static ImageSketch BaseImage(Random random)
    {
        if (random.Next(20) > 0)
        {
            return ImageCheckerTests.SmallImage(random);
        }

        ImageSketch sketch = new(
            random.Pick(4096, 65536, 1 << 20), random.Pick(1, 2, 4), random.Next(1, 5) * (1L << 30), backingName: random.Pick(null, "base.raw"));
        for (int i = 0; i < 5; i++)
        {
            sketch.Map(random.NextInt64(sketch.VirtualSize / sketch.ClusterSize), random.Pick(1, sketch.Append(1)));
        }

        return sketch;
    }

    private static void Mutate(Random random, ImageSketch sketch)
    {
        MemoryStorage file = sketch.Storage;
        switch (random.Next(12))
        {
            case 0:
                Write(file, random.Pick<int>(NumberFields), sizeof(uint), Interesting(random, sketch));
                break;
            case 1:
                Write(file, random.Pick<int>(LongFields), sizeof(ulong), Interesting(random, sketch));
                break;
            case 2:
                int bit = random.Next(64 * 8);
                Write(file, bit / 8, 1, Read(file, bit / 8, 1) ^ (1UL << (bit % 8)));
                break;
            case 3 or 4 or 5:
                sketch.SetL1(Index(random, sketch), Interesting(random, sketch));
                break;
            case 6 or 7 or 8:
                long table = (long)sketch.GetL1(random.Next(4));
                if (table > 0 && table <= file.Length - sketch.TableBytes)
                {
                    sketch.SetL2(table, Index(random, sketch), Interesting(random, sketch));
                }

                break;
            case 9:
                long near = random.NextInt64((file.Length / sketch.ClusterSize) + 1) * sketch.ClusterSize;
                long length = random.Pick(near, near - 1, near + 1, near - 8, random.NextInt64(Math.Max(1, file.Length)));
                file.SetLength(Math.Clamp(length, 0, file.Length));
                break;
            case 10:
                file.SetLength(Math.Max(file.Length, (long)(Interesting(random, sketch) & long.MaxValue)));
                break;
            default:
                byte[] noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                file.Write(random.NextInt64(Math.Max(1, Math.Min(file.Length, 1 << 20) - noise.Length)), noise);
                break;
        }
    }

    private static long Index(Random random, ImageSketch sketch) => Math.Min(
        sketch.Entries - 1,
        random.Pick(
            random.Next(4),
            random.Next(64),
            (sketch.VirtualSize + sketch.Span - 1) / sketch.Span,
            random.NextInt64(sketch.Entries),
            sketch.Entries - 1));

    private static ulong Interesting(Random random, ImageSketch sketch)
    {
        ulong value = random.Next(10) switch
        {
            0 => (ulong)random.Next(5),
            1 => 1UL << random.Next(64),
            2 => ulong.MaxValue,
            3 => (ulong)sketch.Storage.Length,
            4 => (ulong)sketch.VirtualSize,
            5 => (ulong)random.NextInt64(long.MaxValue),
            6 => 1UL << 63,
            _ => (ulong)random.NextInt64(Math.Min((sketch.Storage.Length / sketch.ClusterSize) + 2, 1000)) * (ulong)sketch.ClusterSize,
        };
        return unchecked(value + (ulong)(random.Pick(0, 0, 0, 0, -1, 1, 2) * (long)random.Pick(1, 8, 512, 4096, sketch.ClusterSize)));
    }

    private static ulong Read(MemoryStorage file, long offset, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        file.Read(offset, bytes[..size]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private static void Write(MemoryStorage file, long offset, int size, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        file.Write(offset, bytes[..size]);
    }
}
