using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Operations;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A conversion that salvages keeps all that can be read, and lists exactly what is lost.</summary>
public sealed class SalvageTests : IDisposable
{
    private const int Size = 4 << 20;
    private const int Cluster = 64 << 10;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly byte[] _contents = DiskBytes.Random(seed: 11, Size);

    public SalvageTests() => File.WriteAllBytes(_folder.PathOf("original.raw"), _contents);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sectors_that_the_host_cannot_read_are_lost_and_no_others(bool verify) => Seeded.Run(firstSeed: 61, rounds: 8, random =>
    {
        HashSet<long> bad = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (long)random.Next(Size / 512))];
        bad.UnionWith(Enumerable.Range(random.Next(Size / 512 - 300), 300).Select(sector => (long)sector));
        using Disturbed disturbed = new(_folder.PathOf("original.raw"), bad);
        Assert.Throws<QedStorageException>(() => Convert("original.raw", new DiskConversionOptions { Replace = true }));

        List<string> warnings = [];
        QedImageInfo result = Convert("original.raw", new DiskConversionOptions
        {
            Salvage = true,
            Verify = verify,
            Replace = true,
            Trace = new OperationTrace { Warning = warnings.Add },
        });

        byte[] expected = [.. _contents];
        foreach (long sector in bad)
        {
            Array.Clear(expected, (int)sector * 512, 512);
        }

        Assert.Equal(expected, DiskBytes.OfFile(result.Path));
        Assert.Equal(bad.Order(), Sectors(result));
        Assert.Equal(bad.Count * 512L, result.LostBytes);
        Assert.True(result.LostRanges!.Zip(result.LostRanges!.Skip(1), (a, b) => a.Start + a.Length < b.Start).All(apart => apart), "ranges that touch are one");
        Assert.Contains("could not be read", Assert.Single(warnings), StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(QedDiskFormat.Qed)]
    [InlineData(QedDiskFormat.Qcow2)]
    public void What_a_damaged_table_entry_hides_is_lost_and_nothing_else(QedDiskFormat format)
    {
        string source = _folder.PathOf("source" + DiskConversion.ExtensionOf(format));
        DiskConversion.Run(_folder.PathOf("original.raw"), source, new DiskConversionOptions(), cancellation: _cancellation);

        // The entry of the sixth cluster, found by what it is: the place of that cluster's data.
        long place = Locate(source, Cluster * 5);
        byte[] bytes = File.ReadAllBytes(source);
        byte[] entry = BitConverter.GetBytes(format == QedDiskFormat.Qed ? place : place | (1L << 63));
        if (format == QedDiskFormat.Qcow2)
        {
            Array.Reverse(entry);
        }

        int at = bytes.AsSpan().IndexOf(entry);
        Assert.True(at > 0);
        bytes[at + (format == QedDiskFormat.Qed ? 0 : 7)] |= 0x10; // no multiple of a cluster any more
        File.WriteAllBytes(source, bytes);
        Assert.ThrowsAny<QedFormatException>(() => Convert(Path.GetFileName(source), new DiskConversionOptions()));

        QedImageInfo result = Convert(Path.GetFileName(source), new DiskConversionOptions { Salvage = true });
        Assert.Equal([new QedRange(Cluster * 5, Cluster)], result.LostRanges!);
        byte[] expected = [.. _contents];
        Array.Clear(expected, Cluster * 5, Cluster);
        Assert.Equal(expected, DiskBytes.OfFile(result.Path));
    }

    [Fact]
    public void A_whole_table_that_is_damaged_costs_no_more_than_what_it_covers()
    {
        string source = _folder.PathOf("source.qed");
        DiskConversion.Run(
            _folder.PathOf("original.raw"), source, new DiskConversionOptions { ClusterSize = 4096, TableSize = 1 }, cancellation: _cancellation);
        ImageFiles.Patch(source, 4096 + 8, 0x7777); // the L1 entry of the second 2 MiB
        QedImageInfo result = Convert("source.qed", new DiskConversionOptions { Salvage = true });
        Assert.Equal([new QedRange(2 << 20, 2 << 20)], result.LostRanges!);
        Assert.Equal(_contents[..(2 << 20)], DiskBytes.OfFile(result.Path)[..(2 << 20)]);
    }

    [Fact]
    public void A_damaged_compressed_cluster_is_lost_alone()
    {
        Assert.SkipUnless(Qemu.IsInstalled, Qemu.SkipReason);
        byte[] text = [.. _contents.Select(value => (byte)(value % 16))];
        File.WriteAllBytes(_folder.PathOf("text.raw"), text);
        Qemu.Img("convert", "-c", "-O", "qcow2", "-f", "raw", _folder.PathOf("text.raw"), _folder.PathOf("packed.qcow2"));
        byte[] bytes = File.ReadAllBytes(_folder.PathOf("packed.qcow2"));

        // The L2 entry of the last cluster (qcow2, "Compressed Clusters Descriptor"): with clusters of 64 KiB the low 54 bits are its place.
        long l1 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(40));
        long l2 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan((int)l1)) & 0x00FF_FFFF_FFFF_FE00;
        long entry = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan((int)l2 + ((Size / Cluster) - 1) * 8));
        Assert.NotEqual(0, entry & (1L << 62));
        Array.Fill(bytes, (byte)0xFF, (int)(entry & ((1L << 54) - 1)) + 100, 40);
        File.WriteAllBytes(_folder.PathOf("packed.qcow2"), bytes);
        QedImageInfo result = Convert("packed.qcow2", new DiskConversionOptions { Salvage = true });
        Assert.Equal([new QedRange(Size - Cluster, Cluster)], result.LostRanges!);
        Array.Clear(text, Size - Cluster, Cluster);
        Assert.Equal(text, DiskBytes.OfFile(result.Path));
    }

    [Theory]
    [InlineData("q.qcow2", false)]
    [InlineData("q.qcow2", true)]
    [InlineData("q.qed", true)]
    public void Larger_units_of_the_result_lose_no_more(string name, bool isOverlay)
    {
        Assert.SkipUnless(Qemu.IsInstalled, Qemu.SkipReason);
        string path = _folder.PathOf("t.qcow2");
        Qemu.Img("create", "-f", "qcow2", "-o", "cluster_size=4096", "-b", _folder.PathOf("original.raw"), "-F", "raw", path);
        Qemu.Io(path, "qcow2", "write -P 1 508k 4k");

        // The L2 entry of that cluster (qcow2, "L2 table entry") leads behind the end of the file.
        byte[] bytes = File.ReadAllBytes(path);
        long l1 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(40));
        long l2 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan((int)l1)) & 0x00FF_FFFF_FFFF_FE00;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((int)l2 + (127 * 8)), 0x8000_0FFF_F000_0000);
        File.WriteAllBytes(path, bytes);
        DiskConversionOptions options = new() { Salvage = true, Verify = true, ClusterSize = 1 << 20, Compress = !isOverlay };
        QedImageInfo result = DiskConversion.Run(
            path,
            _folder.PathOf(name),
            isOverlay ? options with { BackingFile = _folder.PathOf("original.raw"), BackingFormat = QedBackingFormat.Raw } : options,
            cancellation: _cancellation);
        Assert.Equal([new QedRange(508 << 10, 4096)], result.LostRanges!);
        byte[] expected = [.. _contents];
        Array.Clear(expected, 508 << 10, 4096);
        Assert.Equal(expected, DiskBytes.OfFile(result.Path));
    }

    [Fact]
    public void An_intact_source_loses_nothing_and_warns_of_nothing()
    {
        List<string> warnings = [];
        QedImageInfo result = Convert(
            "original.raw", new DiskConversionOptions { Salvage = true, Trace = new OperationTrace { Warning = warnings.Add } });
        Assert.Empty(result.LostRanges!);
        Assert.Equal(0, result.LostBytes);
        Assert.Empty(warnings);
        Assert.Null(Convert("original.raw", new DiskConversionOptions { Replace = true }).LostRanges);
    }

    [Fact]
    public void Ranges_are_joined_whatever_the_order_in_which_they_come() => Seeded.Run(firstSeed: 71, rounds: 50, random =>
    {
        bool[] model = new bool[200];
        for (int i = 0; i < model.Length; i++)
        {
            model[i] = random.Next(3) > 0;
        }

        int[] units = [.. Enumerable.Range(0, model.Length).Where(i => model[i])];
        random.Shuffle(units);
        LostRanges lost = new();
        foreach (int unit in units)
        {
            lost.Add(unit * 512L, 512);
        }

        List<QedRange> expected = [];
        for (int i = 0; i < model.Length; i++)
        {
            if (model[i] && (i == 0 || !model[i - 1]))
            {
                int end = Array.IndexOf(model, false, i);
                expected.Add(new QedRange(i * 512L, ((end < 0 ? model.Length : end) - i) * 512L));
            }
        }

        Assert.Equal(expected, lost.ToList());
        Assert.Equal(units.Length * 512L, lost.Bytes);
    });

    private QedImageInfo Convert(string source, DiskConversionOptions options) =>
        DiskConversion.Run(_folder.PathOf(source), _folder.PathOf("result.qed"), options, cancellation: _cancellation);

    private static IEnumerable<long> Sectors(QedImageInfo result) => result.LostRanges!.SelectMany(
        range => Enumerable.Range((int)(range.Start / 512), (int)(range.Length / 512))).Select(sector => (long)sector);

    private long Locate(string path, long offset) =>
        ImageMapping.Run(path, new ImageMappingOptions { Offset = offset, Length = 1 }, _cancellation).Single().FileOffset!.Value;

    // A file with sectors that cannot be read.
    private sealed class Disturbed : IDisposable
    {
        public Disturbed(string path, HashSet<long> bad) => HostFiles.Interceptor.Value = storage =>
            storage.Path == path ? new BadSectors(storage, bad) : storage;

        public void Dispose() => HostFiles.Interceptor.Value = null;
    }

    private sealed class BadSectors(IStorage inner, HashSet<long> bad) : ForwardingStorage(inner)
    {
        protected override bool ClosesInner => true;

        public override int Read(long offset, Span<byte> buffer)
        {
            for (long sector = offset / 512; sector * 512 < offset + buffer.Length; sector++)
            {
                if (bad.Contains(sector))
                {
                    throw new QedStorageException(Path, "read", sector * 512, new IOException("Input/output error"));
                }
            }

            return base.Read(offset, buffer);
        }
    }
}
