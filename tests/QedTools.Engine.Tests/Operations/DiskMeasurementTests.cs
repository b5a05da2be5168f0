using System;
using System.IO;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A measurement is what the conversion then makes.</summary>
public sealed class DiskMeasurementTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    public static TheoryData<QedDiskFormat> Formats => [.. Enum.GetValues<QedDiskFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_length_is_exact_where_zeroes_are_looked_for(QedDiskFormat format) => Seeded.Run(firstSeed: 4100, rounds: 25, random =>
    {
        string source = MakeSource(random, "source.raw");
        DiskConversionOptions options = RandomOptions(random, format);
        if (random.Next(3) == 0)
        {
            options = options with { SizeBytes = new FileInfo(source).Length + random.Next(10 << 20), RoundUpTo = random.Pick<long>(512, 1 << 20) };
        }

        if (format is QedDiskFormat.Qed or QedDiskFormat.Qcow2 && random.Next(2) == 0)
        {
            options = options with { BackingFile = Path.GetFileName(MakeSource(random, "base.raw")), BackingFormat = QedBackingFormat.Raw };
        }

        AssertExact(source, format, options);
    });

    [Theory]
    [InlineData(QedDiskFormat.Vhdx)]
    [InlineData(QedDiskFormat.Vhd)]
    public void The_length_of_a_differencing_file_is_exact(QedDiskFormat format) => Seeded.Run(firstSeed: 4300, rounds: 120, random =>
    {
        // The parent is a file of any kind, or an overlay itself. The source is its disk with changes, and may be shorter.
        int sectorSize = format == QedDiskFormat.Vhdx ? random.Pick(512, 4096) : 512;
        byte[] contents = RandomContents(random, random.Next(1, random.Pick(1_000, 5_000, 40_000)) * 512L);
        string parent = MakeParent(random, format, "parent", contents, new DiskConversionOptions { IsFixed = random.Next(4) == 0 }, sectorSize);
        if (random.Next(3) == 0)
        {
            Change(random, contents);
            parent = MakeParent(random, format, "middle", contents, new DiskConversionOptions { BackingFile = parent }, sectorSize);
        }

        Change(random, contents);
        int length = random.Next(6) switch
        {
            0 => random.Next(1, contents.Length + 1),
            1 => (random.Next(contents.Length) / (512 << 10) * (512 << 10)) + random.Next(1, 1_000),
            _ => contents.Length,
        };
        length = Math.Min(length, contents.Length);
        string source = _folder.PathOf("source.raw");
        File.WriteAllBytes(source, contents[..length]);
        AssertExact(source, format, new DiskConversionOptions
        {
            Format = format,
            BackingFile = parent,
            BlockSize = RandomBlockSize(random, format),
            SizeBytes = ImageInspection.Run(_folder.PathOf(parent), new ImageInspectionOptions()).VirtualSize,
        });
    });

    [Theory]
    [InlineData(100 << 10, true)]
    [InlineData(100 << 10, false)]
    [InlineData(1 << 10, true)]
    [InlineData(1 << 10, false)]
    public void A_block_that_is_written_at_once_needs_no_sector_bitmap(int length, bool isZero)
    {
        byte[] contents = DiskBytes.Random(1, 100 << 10);
        string parent = MakeParent(new Random(1), QedDiskFormat.Vhdx, "parent", contents, new DiskConversionOptions { IsFixed = true }, sectorSize: 512);
        string source = _folder.PathOf("source.raw");
        File.WriteAllBytes(source, isZero ? new byte[length] : DiskBytes.Random(2, length));
        AssertExact(source, QedDiskFormat.Vhdx, new DiskConversionOptions { BackingFile = parent, SizeBytes = contents.Length });
    }

    private void AssertExact(string source, QedDiskFormat format, DiskConversionOptions options)
    {
        string destination = _folder.PathOf("result" + DiskConversion.ExtensionOf(format));
        QedMeasure exact = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options with { ScanZeroes = true } }, cancellation: _cancellation);
        QedMeasure bound = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options }, cancellation: _cancellation);
        Assert.False(File.Exists(destination));
        QedImageInfo result = DiskConversion.Run(source, destination, options, cancellation: _cancellation);
        foreach (string file in Directory.GetFiles(_folder.Path, "result*"))
        {
            File.Delete(file);
        }

        Assert.Equal(result.FileSize, exact.RequiredBytes);
        Assert.Equal(result.VirtualSize, exact.VirtualSize);
        Assert.Equal(result.Format, exact.Format);
        Assert.Equal(result.BackingFile, exact.BackingFile);
        Assert.False(exact.IsUpperBound);
        if (options.FullyAllocated)
        {
            Assert.Equal(exact.RequiredBytes, exact.AllocatedBytes);
            Assert.Equal(exact.RequiredBytes, DiskConversion.Plan(source, destination, options, _cancellation).RequiredBytes);
        }

        Assert.True(bound.RequiredBytes >= exact.RequiredBytes, $"{bound.RequiredBytes} without looking for zeroes, {exact.RequiredBytes} with");
        Assert.True(exact.FullyAllocatedBytes >= bound.RequiredBytes);

        // What file systems need for themselves, such as lists of extents, is not counted.
        Assert.True(result.DiskUsage <= exact.AllocatedBytes + (exact.AllocatedBytes / 50) + 65536, $"{result.DiskUsage} used, {exact.AllocatedBytes} measured");
    }

    [Fact]
    public void A_source_of_data_alone_is_measured_exactly_without_reading_it()
    {
        byte[] contents = DiskBytes.Random(7, 5 << 20);
        string original = _folder.PathOf("original.raw");
        File.WriteAllBytes(original, contents);
        string source = _folder.PathOf("source.qed");
        DiskConversion.Run(original, source, new DiskConversionOptions(), cancellation: _cancellation);
        using FileLog log = new();
        foreach (QedDiskFormat format in Enum.GetValues<QedDiskFormat>())
        {
            string destination = _folder.PathOf("result" + DiskConversion.ExtensionOf(format));
            DiskConversionOptions options = new() { Format = format };
            QedMeasure measure = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options }, cancellation: _cancellation);
            Assert.Equal(DiskConversion.Run(source, destination, options, cancellation: _cancellation).FileSize, measure.RequiredBytes);
        }
    }

    [Theory]
    [InlineData(QedDiskFormat.Qcow2, QedCompressionType.Deflate)]
    [InlineData(QedDiskFormat.Qcow2, QedCompressionType.Zstd)]
    [InlineData(QedDiskFormat.Vmdk, QedCompressionType.Deflate)]
    public void A_compressed_result_is_not_longer_than_measured(QedDiskFormat format, QedCompressionType type) => Seeded.Run(firstSeed: 4200, rounds: 15, random =>
    {
        string source = MakeSource(random, "source.raw");
        string destination = _folder.PathOf("result" + DiskConversion.ExtensionOf(format));
        DiskConversionOptions options = new()
        {
            Compress = true,
            CompressionType = type,
            ClusterSize = format == QedDiskFormat.Qcow2 ? random.Pick<long>(512, 4096, 65536) : null,
            Replace = true,
        };
        QedMeasure measure = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options with { ScanZeroes = true } }, cancellation: _cancellation);
        QedImageInfo result = DiskConversion.Run(source, destination, options, cancellation: _cancellation);
        Assert.True(measure.IsUpperBound);
        Assert.True(result.FileSize <= measure.RequiredBytes, $"{result.FileSize} bytes, measured {measure.RequiredBytes}");
    });

    [Theory]
    [InlineData(QedDiskFormat.Qed, 64L << 40)]
    [InlineData(QedDiskFormat.Qcow2, 1L << 50)]
    [InlineData(QedDiskFormat.Vhdx, 64L << 40)]
    [InlineData(QedDiskFormat.Vdi, 500L << 40)]
    [InlineData(QedDiskFormat.Vhd, 2040L << 30)]
    [InlineData(QedDiskFormat.Vmdk, 2040L << 30)]
    [InlineData(QedDiskFormat.Raw, long.MaxValue - 511)]
    public void The_largest_disks_are_measured_at_once(QedDiskFormat format, long size)
    {
        string huge = _folder.PathOf("huge.qed");
        ImageCreation.Run(huge, new ImageCreationOptions { SizeBytes = size, ClusterSize = 64 << 20, TableSize = 16 }, _cancellation);
        QedMeasure measure = DiskMeasurement.Run(
            huge,
            _folder.PathOf("result" + DiskConversion.ExtensionOf(format)),
            new DiskMeasurementOptions { Conversion = new DiskConversionOptions { Format = format, ScanZeroes = true } },
            cancellation: _cancellation);
        Assert.Equal(size, measure.VirtualSize);
        Assert.InRange(measure.AllocatedBytes, 0, measure.RequiredBytes);
        Assert.True(measure.FullyAllocatedBytes >= size || format == QedDiskFormat.Raw);
    }

    private string MakeSource(Random random, string name)
    {
        string path = _folder.PathOf(name);
        long size = random.Next(1, 40_000) * 512L;
        using FileStream file = File.Create(path);
        file.SetLength(size);
        for (int i = random.Next(12); i > 0; i--)
        {
            // Data, text and stored zeroes, anywhere.
            byte[] bytes = random.Next(3) switch
            {
                0 => new byte[random.Next(1, 300_000)],
                1 => DiskBytes.Random(random.Next(), random.Next(1, 300_000)),
                _ => [.. System.Linq.Enumerable.Repeat((byte)random.Next(1, 256), random.Next(1, 300_000))],
            };
            file.Position = random.NextInt64(size);
            file.Write(bytes, 0, (int)Math.Min(bytes.Length, size - file.Position));
        }

        return path;
    }

    private static DiskConversionOptions RandomOptions(Random random, QedDiskFormat format) => format switch
    {
        QedDiskFormat.Qed => new() { Format = format, ClusterSize = random.Pick<long>(4096, 16384, 65536, 1 << 20), TableSize = random.Pick(1, 2, 4, 16) },
        QedDiskFormat.Qcow2 => new() { Format = format, ClusterSize = random.Pick<long>(512, 4096, 65536, 2 << 20) },
        QedDiskFormat.Vhdx => new() { Format = format, BlockSize = random.Pick<long>(1 << 20, 32 << 20), SectorSize = random.Pick(512, 4096), IsFixed = random.Next(3) == 0 },
        QedDiskFormat.Vhd when random.Next(3) == 0 => new() { Format = format, IsFixed = true },
        QedDiskFormat.Vhd => new() { Format = format, BlockSize = random.Pick<long>(512 << 10, 2 << 20) },
        QedDiskFormat.Vdi => new() { Format = format, IsFixed = random.Next(2) == 0 },
        QedDiskFormat.Vmdk => new() { Format = format, IsFixed = random.Next(2) == 0, AdapterType = random.Pick<QedAdapterType?>(null, QedAdapterType.LsiLogic) },
        _ => new() { Format = format, FullyAllocated = random.Next(2) == 0 },
    };

    private static long RandomBlockSize(Random random, QedDiskFormat format) =>
        format == QedDiskFormat.Vhdx ? random.Pick<long>(1 << 20, 2 << 20, 8 << 20) : random.Pick<long>(512 << 10, 2 << 20);

    private string MakeParent(Random random, QedDiskFormat format, string name, byte[] contents, DiskConversionOptions options, int sectorSize)
    {
        string source = _folder.PathOf(name + ".raw");
        File.WriteAllBytes(source, contents);
        string result = name + DiskConversion.ExtensionOf(format);
        DiskConversion.Run(
            source,
            _folder.PathOf(result),
            options with
            {
                Format = format,
                BlockSize = options.IsFixed && format == QedDiskFormat.Vhd ? null : RandomBlockSize(random, format),
                SectorSize = format == QedDiskFormat.Vhdx ? sectorSize : null,
                SizeBytes = (contents.Length + sectorSize - 1) / sectorSize * sectorSize,
                Replace = true,
            },
            cancellation: _cancellation);
        return result;
    }

    private static byte[] RandomContents(Random random, long size)
    {
        byte[] contents = new byte[size];
        Change(random, contents);
        Change(random, contents);
        return contents;
    }

    // Data and zeroes, from single sectors to many blocks, and some at the end.
    private static void Change(Random random, byte[] contents)
    {
        for (int i = random.Next(8); i > 0; i--)
        {
            int start = random.Next(contents.Length);
            int length = random.Next(4) switch { 0 => random.Next(2000), 1 => random.Next(1 << 20), 2 => 512 << 10, _ => random.Next(12 << 20) };
            length = Math.Min(contents.Length - start, length);
            (start, length) = random.Next(8) == 0 ? (0, contents.Length) : (start, length);
            start = random.Next(5) == 0 ? contents.Length - length : random.Next(3) == 0 ? start / (1 << 20) * (1 << 20) : start;
            if (random.Next(2) == 0)
            {
                contents.AsSpan(start, length).Clear();
            }
            else
            {
                random.NextBytes(contents.AsSpan(start, length));
            }
        }
    }
}
