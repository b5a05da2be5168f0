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
        if (format is QedDiskFormat.Qed or QedDiskFormat.Qcow2 && random.Next(2) == 0)
        {
            options = options with { BackingFile = Path.GetFileName(MakeSource(random, "base.raw")), BackingFormat = QedBackingFormat.Raw };
        }

        string destination = _folder.PathOf("result" + DiskConversion.ExtensionOf(format));
        QedMeasure exact = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options, ScanZeroes = true }, cancellation: _cancellation);
        QedMeasure bound = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options }, cancellation: _cancellation);
        Assert.False(File.Exists(destination));
        QedImageInfo result = DiskConversion.Run(source, destination, options with { Replace = true }, cancellation: _cancellation);
        File.Delete(destination);

        Assert.Equal(result.FileSize, exact.RequiredBytes);
        Assert.Equal(result.VirtualSize, exact.VirtualSize);
        Assert.Equal(result.Format, exact.Format);
        Assert.Equal(result.BackingFile, exact.BackingFile);
        Assert.False(exact.IsUpperBound);
        Assert.True(bound.RequiredBytes >= exact.RequiredBytes, $"{bound.RequiredBytes} without looking for zeroes, {exact.RequiredBytes} with");
        Assert.True(exact.FullyAllocatedBytes >= bound.RequiredBytes);

        // What file systems need for themselves, such as lists of extents, is not counted.
        Assert.True(result.DiskUsage <= exact.AllocatedBytes + (exact.AllocatedBytes / 50) + 65536, $"{result.DiskUsage} used, {exact.AllocatedBytes} measured");
    });

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
        QedMeasure measure = DiskMeasurement.Run(source, destination, new DiskMeasurementOptions { Conversion = options, ScanZeroes = true }, cancellation: _cancellation);
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
            new DiskMeasurementOptions { Conversion = new DiskConversionOptions { Format = format }, ScanZeroes = true },
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
        QedDiskFormat.Vdi or QedDiskFormat.Raw => new() { Format = format, IsFixed = random.Next(2) == 0 },
        _ => new() { Format = format },
    };
}
