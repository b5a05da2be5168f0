using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Tests.Qed.Metadata;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// Images truncated anywhere: the part of the last cluster or table that is in the file is read, the missing part is an error, and a
/// repair keeps the first and reports the loss of the second. The expected result comes from looking up every sector on its own (ExtentModel).
/// </summary>
public sealed class CutShortTests : IDisposable
{
    private const int SectorSize = 512;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_part_that_is_there_is_read_and_the_missing_part_is_an_error() => Seeded.Run(41_000, 150, random =>
    {
        MemoryStorage file = CutAnywhere(random, RandomImage(random));
        using QedImage image = QedImage.Open(file);
        AssertReads(file, image.ToDisk(backing: null));
    });

    [Fact]
    public void A_repair_keeps_everything_readable_and_a_second_one_does_nothing() => Seeded.Run(42_000, 80, random =>
    {
        MemoryStorage file = CutAnywhere(random, RandomImage(random));
        string path = _folder.PathOf("image.qed");
        Save(file, path);
        byte[] before = File.ReadAllBytes(path);
        List<byte[]> sectors = ReadSectors(file);

        QedRepairResult repair = ImageRepair.Run(path, new ImageRepairOptions { NoBackup = random.Next(2) == 0 }, cancellation: _cancellation);

        Assert.Equal(QedCheckStatus.Clean, repair.After.Status);
        Assert.Equal(
            repair.Before.Corruptions.Count(corruption => corruption.Kind == QedCorruptionKind.CutShort),
            repair.Repairs.Count(one => one.Kind == QedRepairKind.CutShortPadded));
        Assert.Equal(sectors.Sum(sector => SectorSize - sector.Length), repair.ClearedBytes);
        byte[] repaired = File.ReadAllBytes(path);
        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: _cancellation))
        {
            byte[] sector = new byte[SectorSize];
            foreach (byte[] expected in sectors)
            {
                stream.ReadExactly(sector);
                Assert.Equal(expected, sector[..expected.Length]);
                Assert.Equal(-1, sector.AsSpan(expected.Length).IndexOfAnyExcept((byte)0));
            }
        }

        QedRepairResult second = ImageRepair.Run(path, new ImageRepairOptions(), cancellation: _cancellation);
        Assert.Equal(0, second.RepairCount);
        Assert.Equal(repaired, File.ReadAllBytes(path));
        if (repair.BackupPath is { } backup)
        {
            // If an image only has leaks, the leaked clusters are not backed up.
            ImageRepair.Restore(path, backup);
            Assert.True(repair.Before.Status == QedCheckStatus.Leaks || File.ReadAllBytes(path).AsSpan().SequenceEqual(before));
            File.Delete(backup);
        }
    });

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void A_file_that_lacks_less_than_a_sector_is_read_as_QEMU_reads_it()
    {
        string path = _folder.PathOf("image.qed");
        Qemu.Img("create", "-q", "-f", "qed", path, "1M");
        Qemu.Io(path, "qed", "write -P 0x22 0 64k");
        foreach (int missing in new[] { 1, 100, 511 })
        {
            SetLength(path, (long)((new FileInfo(path).Length + 65535) / 65536 * 65536) - missing);
            Qemu.Img("check", "-q", path);
            Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(path, new ImageCheckOptions(), cancellation: _cancellation).Status);
            string raw = _folder.PathOf($"{missing}.raw");
            Qemu.Img("convert", "-f", "qed", "-O", "raw", path, raw);
            DiskConversion.Run(path, raw + ".img", new DiskConversionOptions(), cancellation: _cancellation);
            Assert.Equal(File.ReadAllBytes(raw), File.ReadAllBytes(raw + ".img"));
        }

        // It can be written to, and everything else stays as it is.
        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: _cancellation))
        {
            stream.Position = 512 << 10;
            stream.WriteByte(1);
        }

        Qemu.Io(path, "qed", "read -P 0x22 0 65024", "read -P 1 512k 1", "read -P 0 513k 500k");
        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(path, new ImageCheckOptions(), cancellation: _cancellation).Status);
    }

    [Fact]
    public void The_missing_bytes_are_counted()
    {
        ImageSketch sketch = new(4096, 1, 1 << 20);
        long data = sketch.Append(1);
        sketch.Map(3, data);
        sketch.Map(4, sketch.Append(1));
        sketch.Storage.SetLength(sketch.Storage.Length - 1000);

        QedCheckResult check = QedTools.Qed.Checking.ImageChecker.Check(sketch.Open().File, progress: null, _cancellation);

        QedCorruption corruption = Assert.Single(check.Corruptions);
        Assert.Equal((QedCorruptionKind.CutShort, 4L, 4L * 4096, 1000L), (corruption.Kind, corruption.L2Index, corruption.VirtualOffset, corruption.MissingBytes));
        Assert.Equal(0, check.LeakedClusters);
    }

    // The disk ends 1536 bytes into its last cluster.
    [Theory]
    [InlineData(4096 - 1536, 0)]
    [InlineData(4096 - 1536 + 512, 512)]
    public void What_is_past_the_end_of_the_disk_is_not_lost(int missing, int lost)
    {
        ImageSketch sketch = new(4096, 1, (4 * 4096) + 1536);
        sketch.Map(0, sketch.Append(1));
        sketch.Map(4, sketch.Append(1));
        sketch.Storage.SetLength(sketch.Storage.Length - missing);
        string path = _folder.PathOf("image.qed");
        Save(sketch.Storage, path);

        QedRepairResult repair = ImageRepair.Run(path, new ImageRepairOptions(), cancellation: _cancellation);

        QedRepair padding = Assert.Single(repair.Repairs, one => one.Kind == QedRepairKind.CutShortPadded);
        Assert.Equal(lost, repair.ClearedBytes);
        Assert.Contains(lost == 0 ? "Pad a cluster that is cut short at the end of the file: what is missing is past the end of the disk." : $"the last {lost} bytes are lost", padding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_two_entries_point_to_is_lost_twice()
    {
        ImageSketch sketch = new(4096, 1, 1 << 20);
        sketch.TableAt(0);
        long data = sketch.Append(1);
        sketch.Map(3, data);
        sketch.Map(4, data);
        sketch.Storage.SetLength(sketch.Storage.Length - 1000);

        AssertLost(sketch, 2000);
    }

    [Fact]
    public void What_a_wrong_entry_maps_through_two_tables_is_lost_twice()
    {
        ImageSketch sketch = new(4096, 2, 8 << 20);
        long first = sketch.TableAt(0);
        sketch.Append(1);

        // The second table begins in the middle of the first, and its first entry is there as well.
        sketch.SetL1(1, first + 4096);
        sketch.SetL2(first, 512, 4096L + 8);

        AssertLost(sketch, 2 * 4096);
    }

    [Fact]
    public void The_map_continues_after_damage() => Seeded.Run(43_000, 150, random =>
    {
        MemoryStorage file = CutAnywhere(random, RandomImage(random));
        string path = _folder.PathOf("image.qed");
        Save(file, path);
        ExtentModel model = new(file);
        int reported = 0;
        long at = 0;
        QedExtent? before = null;
        foreach (QedExtent extent in ImageMapping.Run(path, new ImageMappingOptions { OnDamage = _ => reported++ }, _cancellation))
        {
            Assert.Equal(at, extent.Start);
            Assert.False(before?.State == QedExtentState.Damaged && extent.State == QedExtentState.Damaged, "Two adjacent damaged extents.");
            for (long place = extent.Start; place < extent.Start + extent.Length; place += SectorSize)
            {
                Assert.Equal(model.At(place)?.State ?? QedExtentState.Damaged, extent.State);
            }

            Assert.Equal(model.At(extent.Start + extent.Length - 1)?.State ?? QedExtentState.Damaged, extent.State);

            at = extent.Start + extent.Length;
            before = extent;
        }

        Assert.Equal(model.Length, at);
        if (reported == 0)
        {
            Assert.False(model.Extents(0, model.Length).IsDamaged);
        }
    });

    private void AssertLost(ImageSketch sketch, long bytes)
    {
        string path = _folder.PathOf("image.qed");
        Save(sketch.Storage, path);

        QedRepairResult planned = ImageRepair.Plan(path, new ImageRepairOptions(), cancellation: _cancellation);
        QedRepairResult repair = ImageRepair.Run(path, new ImageRepairOptions(), cancellation: _cancellation);

        Assert.Equal((bytes, bytes), (planned.ClearedBytes, repair.ClearedBytes));
        Assert.Equal(QedCheckStatus.Clean, repair.After.Status);
    }

    private static ImageSketch RandomImage(Random random)
    {
        int clusterSize = random.Pick(4096, 4096, 8192, 65536);
        int tableSize = random.Pick(1, 2, 4, 16);
        ImageSketch sketch = new(clusterSize, tableSize, random.Next(1, 3000) * 512L, headerSize: random.Pick(1, 1, 2));
        long clusters = (sketch.VirtualSize + clusterSize - 1) / clusterSize;
        for (int i = random.Next(1, 30); i > 0; i--)
        {
            long cluster = random.NextInt64(clusters);
            long data = sketch.Append(1);
            byte[] bytes = new byte[clusterSize];
            random.NextBytes(bytes);
            sketch.Storage.Write(data, bytes);
            sketch.Map(cluster, data);
        }

        return sketch;
    }

    // Cuts anywhere after the header cluster: in a table, a cluster or a sector, often near the end.
    private static MemoryStorage CutAnywhere(Random random, ImageSketch sketch)
    {
        long least = sketch.L1Offset + 1;
        long length = sketch.Storage.Length;
        long lost = random.Next(3) switch
        {
            0 => random.Next(1, 1200),
            1 => random.NextInt64(Math.Min(length - least, 3L * sketch.ClusterSize)),
            _ => random.NextInt64(length - least),
        };
        sketch.Storage.SetLength(Math.Max(least, length - lost));
        return sketch.Storage;
    }

    private static void AssertReads(MemoryStorage file, IDisk disk)
    {
        byte[] sector = new byte[SectorSize];
        long offset = 0;
        foreach (byte[] expected in ReadSectors(file))
        {
            if (expected.Length < SectorSize)
            {
                Assert.Throws<QedCorruptException>(() => disk.Read(offset, sector));
            }

            if (expected.Length > 0)
            {
                disk.Read(offset, sector.AsSpan(0, expected.Length));
                Assert.Equal(expected, sector[..expected.Length]);
            }

            offset += SectorSize;
        }
    }

    // The contents of each sector, as far as they can be read.
    private static List<byte[]> ReadSectors(MemoryStorage file)
    {
        ExtentModel model = new(file);
        List<byte[]> sectors = [];
        for (long offset = 0; offset < model.Length; offset += SectorSize)
        {
            int readable = SectorSize;
            while (readable > 0 && model.At(offset + readable - 1) is null)
            {
                readable--;
            }

            byte[] sector = new byte[readable];
            if (readable > 0 && model.At(offset) is { State: QedExtentState.Data } place)
            {
                file.Read(place.FileOffset, sector);
            }

            sectors.Add(sector);
        }

        return sectors;
    }

    private static void Save(MemoryStorage file, string path)
    {
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        File.WriteAllBytes(path, bytes);
    }

    private static void SetLength(string path, long length)
    {
        using FileStream file = File.OpenWrite(path);
        file.SetLength(length);
    }
}
