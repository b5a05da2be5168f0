using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// An image whose file has holes where its tables say that there is data, as a copy by <c>cp --sparse=always</c> has. The image is written by hand
/// from the specification.
/// </summary>
public sealed class MappedHolesTests : IDisposable
{
    private const int Cluster = 64 << 10;
    private const int Clusters = 128;
    private const int DiskLength = Clusters * Cluster;
    private const int DataStart = 3 * Cluster;

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_reads_and_converts_as_it_would_without_holes() => Seeded.Run(firstSeed: 8100, rounds: 15, random =>
    {
        byte[] disk = Write(random);
        string qed = _folder.PathOf("in.qed");
        string raw = _folder.PathOf("same.raw");
        File.WriteAllBytes(raw, disk);
        Assert.True(DiskComparison.Run(qed, raw, new DiskComparisonOptions(), progress: null, Cancellation).AreEqual);
        Assert.Equal(HashOf(raw), HashOf(qed));
        string target = _folder.PathOf(random.Pick("out.raw", "out.qed", "out.vhdx", "out.vhd", "out.qcow2", "out.vdi", "out.vmdk"));
        DiskConversion.Run(qed, target, new DiskConversionOptions { Replace = true, Verify = true }, progress: null, Cancellation);
        Assert.True(disk.AsSpan().SequenceEqual(DiskBytes.OfFile(target).AsSpan(0, disk.Length)), target);

        // A byte that only the other disk has, wherever it is.
        int at = random.Next(DiskLength);
        disk[at] ^= 1;
        File.WriteAllBytes(raw, disk);
        Assert.Equal(at, DiskComparison.Run(qed, raw, new DiskComparisonOptions(), progress: null, Cancellation).FirstDifference);
    });

    [Fact]
    public void Holes_are_not_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux reports holes in every file system");
        Write(new Random(1), isEmpty: true);
        long read = 0;
        HostFiles.Interceptor.Value = storage => new MeteredReads(storage, count => read += count);
        try
        {
            HashOf(_folder.PathOf("in.qed"));
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }

        Assert.InRange(read, 64, DiskLength / 4);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(3 << 20)]
    public void What_is_cut_off_is_no_hole(int missing)
    {
        Write(new Random(2), isEmpty: true);
        using (FileStream file = File.OpenWrite(_folder.PathOf("in.qed")))
        {
            file.SetLength(file.Length - missing);
        }

        Assert.ThrowsAny<QedException>(() => HashOf(_folder.PathOf("in.qed")));
        Assert.ThrowsAny<QedException>(() => DiskConversion.Run(
            _folder.PathOf("in.qed"), _folder.PathOf("out.raw"), new DiskConversionOptions(), progress: null, Cancellation));
        Assert.False(File.Exists(_folder.PathOf("out.raw")));
    }

    [Fact]
    public void The_map_shows_what_the_tables_say()
    {
        Write(new Random(3), isEmpty: true);
        QedExtent extent = Assert.Single(ImageMapping.Run(_folder.PathOf("in.qed"), new ImageMappingOptions(), Cancellation));
        Assert.Equal((QedExtentState.Data, DiskLength, (long?)DataStart), (extent.State, extent.Length, extent.FileOffset));
    }

    [Fact]
    public void So_does_the_list_of_differences()
    {
        Write(new Random(4), isEmpty: true);
        byte[] other = new byte[DiskLength];
        other[5 * Cluster] = 1;
        File.WriteAllBytes(_folder.PathOf("other.raw"), other);
        QedDifference difference = Assert.Single(DiskDifferences.Run(
            _folder.PathOf("in.qed"), _folder.PathOf("other.raw"), new DiskComparisonOptions { BlockSize = Cluster }, progress: null, Cancellation));
        Assert.Equal((5L * Cluster, (long)Cluster, QedExtentState.Data), (difference.Start, difference.Length, difference.State));
    }

    private static string HashOf(string path) => DiskHashing.Run(path, new DiskHashingOptions(), progress: null, Cancellation).Hash;

    // QED specification: header, L1 table and L2 table of one cluster each, then all clusters of the disk in order; only pages with data are written.
    private byte[] Write(Random random, bool isEmpty = false)
    {
        byte[] disk = new byte[DiskLength];
        for (int i = isEmpty ? 0 : random.Next(8); i > 0; i--)
        {
            int start = random.Next(DiskLength);
            random.NextBytes(disk.AsSpan(start, Math.Min(DiskLength - start, random.Pick(1, 4096, 70_000, 2 << 20))));
        }

        byte[] head = new byte[DataStart];
        HandMadeHeader.WriteTo(head, Cluster, tableSize: 1, DiskLength);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(Cluster), 2 * Cluster);
        for (int i = 0; i < Clusters; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan((2 * Cluster) + (i * sizeof(long))), DataStart + ((long)i * Cluster));
        }

        using FileStream file = File.Create(_folder.PathOf("in.qed"));
        file.Write(head);
        file.SetLength(DataStart + DiskLength);
        foreach ((int page, byte[] data) in disk.Chunk(4096).Index().Where(page => page.Item.Any(value => value != 0)))
        {
            file.Position = DataStart + (page * 4096L);
            file.Write(data);
        }

        return disk;
    }

    private sealed class MeteredReads(IStorage inner, Action<int> count) : ForwardingStorage(inner)
    {
        protected override bool ClosesInner => true;

        public override int Read(long offset, Span<byte> buffer)
        {
            int read = base.Read(offset, buffer);
            count(read);
            return read;
        }
    }
}
