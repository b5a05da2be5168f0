using System;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>The clusters that writing and zeroing allocate and free, and how much is read and written for that.</summary>
public sealed class AllocationTests
{
    private const int Cluster = 4096;

    [Fact]
    public void Zeroing_whole_clusters_writes_no_data()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(1 << 20, hasBacking: true);
        disk.Zero(8 * Cluster, 100 * Cluster);
        TestImage.Close(image);
        Assert.Equal((100 + 1) * 8, storage.BytesWritten);
        disk = QedImage.Open(storage).ToDisk(backing: null);
        Assert.Equal((QedExtentState.Zero, 100 * Cluster), (disk.ExtentAt(8 * Cluster, 1 << 19).State, disk.ExtentAt(8 * Cluster, 1 << 19).Length));
        Assert.Equal(QedExtentState.Unallocated, disk.ExtentAt(7 * Cluster, 1).State);
        Assert.Equal(100, TestImage.AssertClean(storage).ZeroClusters);
    }

    [Fact]
    public void Zeroing_unallocated_clusters_without_a_backing_file_stores_nothing()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(1 << 20, hasBacking: false);
        disk.Zero(100, 500_000);
        TestImage.Close(image);
        Assert.Equal(0, storage.BytesWritten);
        Assert.Equal(0, TestImage.AssertClean(storage).ZeroClusters);
    }

    [Fact]
    public void Zeroing_past_the_end_of_the_backing_file_stores_nothing()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(4 << 20, hasBacking: true);
        disk.Zero(1 << 20, 3 << 20);
        TestImage.Close(image);
        Assert.Equal(0, storage.BytesWritten);
    }

    [Fact]
    public void Zeroing_across_the_end_of_the_backing_file_stores_entries_up_to_that_end()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(4 << 20, hasBacking: true);
        disk.Zero((1 << 20) - (2 * Cluster), 2 << 20);
        TestImage.Close(image);
        Assert.Equal(2, TestImage.AssertClean(storage).ZeroClusters);
    }

    [Fact]
    public void Nothing_is_copied_up_from_past_the_end_of_the_disk()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(10_240, hasBacking: true);
        disk.Write(9000, [1]);
        long fileOffset = disk.ExtentAt(8192, 1).FileOffset;
        TestImage.Close(image);
        byte[] cluster = new byte[Cluster];
        storage.Read(fileOffset, cluster);
        Assert.Equal(0x77, cluster[2047]);
        Assert.All(cluster[2048..], value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zeroing_parts_of_clusters_changes_their_data_and_frees_the_whole_ones_between(bool hasBacking)
    {
        (RecordingStorage storage, QedImage image, IDisk disk, byte[] content) = New(1 << 20, hasBacking);
        byte[] data = Pattern(20 * Cluster, 0x31);
        disk.Write(0, data);
        data.CopyTo(content, 0);
        disk.Flush();
        storage.Forget();
        disk.Zero(1000, 10 * Cluster);
        content.AsSpan(1000, 10 * Cluster).Clear();
        Assert.Equal(Cluster, storage.BytesWritten);
        TestImage.Close(image);
        QedCheckResult check = TestImage.AssertClean(storage);
        Assert.Equal(hasBacking ? 9 : 0, check.ZeroClusters);
        Assert.Equal(11, check.AllocatedClusters);
        Assert.Equal(content, ContentOf(storage, hasBacking));
    }

    [Fact]
    public void The_last_cluster_is_freed_when_it_is_zeroed_up_to_the_end_of_the_disk()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New((1 << 20) + 512, hasBacking: false);
        disk.Write(1 << 20, Pattern(512, 0x11));
        disk.Flush();
        disk.Zero(1 << 20, 512);
        TestImage.Close(image);
        Assert.Equal(0, TestImage.AssertClean(storage).AllocatedClusters);
        Assert.Equal(4 * Cluster + Cluster, storage.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public void The_file_shrinks_when_zeroed_clusters_are_freed(int tableSize)
    {
        (RecordingStorage storage, QedImage image, IDisk disk, byte[] content) = New(48 << 20, hasBacking: false, tableSize);
        Random random = new(tableSize);
        for (int i = 0; i < 200; i++)
        {
            byte[] data = Pattern(3 * Cluster, (byte)random.Next(1, 256));
            long at = random.NextInt64(disk.Length / Cluster - 3) * Cluster;
            disk.Write(at, data);
            data.CopyTo(content, at);
        }

        disk.Flush();
        long before = storage.Length;
        for (long at = 0; at < disk.Length; at += 2 << 20)
        {
            disk.Zero(at, 1 << 20);
            content.AsSpan((int)at, 1 << 20).Clear();
        }

        TestImage.Close(image);
        QedCheckResult check = TestImage.AssertClean(storage);
        Assert.Equal(check.ImageEndOffset, storage.Length);
        Assert.True(storage.Length < before - ((before / 3) & ~(Cluster - 1L)), $"{before} bytes became {storage.Length}.");
        Assert.Equal(content, ContentOf(storage, hasBacking: false));
    }

    [Theory]
    [InlineData("images/l1-at-end.qed", 40960, 8192)]
    [InlineData("images/base-4k.qed", 0, 4 << 20)]
    [InlineData("images/header-2.qed", 0, 4096)]
    [InlineData("images/table-1.qed", 0, 8192)]
    [InlineData("images/table-16.qed", 0, 4096)]
    [InlineData("damaged/leak-at-end.qed", 0, 4096)]
    [InlineData("damaged/leak-in-middle.qed", 4 << 20, 4096)]
    [InlineData("damaged/leak-table.qed", 0, 4096)]
    [InlineData("damaged/tail-leak.qed", 0, 4096)]
    public void Packing_handles_every_layout(string fixture, int offset, int length)
    {
        MemoryStorage storage = Load(fixture);
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing: null);
        byte[] content = new byte[Math.Min(disk.Length, 34 << 20)];
        disk.Read(0, content);
        disk.Write(offset + 20480, Pattern(100, 0x99));
        disk.Zero(offset, length);
        Pattern(100, 0x99).CopyTo(content, offset + 20480);
        content.AsSpan(offset, length).Clear();
        TestImage.Close(image);
        Assert.Equal(TestImage.AssertClean(storage).ImageEndOffset, storage.Length);
        byte[] actual = new byte[content.Length];
        QedImage.Open(storage).ToDisk(backing: null).Read(0, actual);
        Assert.Equal(content, actual);
    }

    [Theory]
    [InlineData(100, 200)]
    [InlineData(0, 1)]
    [InlineData(5 * Cluster - 1, 1)]
    [InlineData(1000, 3 * Cluster)]
    [InlineData(Cluster, 5 * Cluster)]
    [InlineData(512, 700_000)]
    public void Copying_up_reads_only_what_the_write_does_not_cover(int offset, int length)
    {
        MemoryStorage raw = new("base.raw");
        raw.Write(0, Pattern(1 << 20, 0x77));
        RecordingStorage below = new(new ReadOnlyStorage(raw));
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(Cluster, 2), 1 << 20, headerSize: 1, new BackingReference("base.raw", IsRaw: true));
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(new RawDisk(below));
        disk.Write(offset, Pattern(length, 0x21));
        int head = offset % Cluster;
        int tail = (Cluster - ((offset + length) % Cluster)) % Cluster;
        Assert.Equal(head + tail, below.Events.Where(e => e.Kind == StorageCall.Read).Sum(e => e.Length));
        TestImage.Close(image);
        byte[] expected = Pattern(1 << 20, 0x77);
        Pattern(length, 0x21).CopyTo(expected, offset);
        Assert.Equal(expected, ContentOf(file, hasBacking: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_large_write_takes_few_writes_to_the_file(bool hasBacking)
    {
        (RecordingStorage storage, QedImage image, IDisk disk, _) = New(64 << 20, hasBacking);
        disk.Write(1000, Pattern(24 << 20, 0x12));
        Assert.InRange(storage.Events.Count(e => e.Kind == StorageCall.Write && !e.IsHeader), 1, 3);
        storage.Forget();
        disk.Write(1000, Pattern(24 << 20, 0x13));

        // Writing in place proceeds one table page at a time, 2 MiB each.
        Assert.InRange(storage.Events.Count(e => e.Kind == StorageCall.Write), 1, 13);
        storage.Forget();
        disk.Flush();

        // 24 MiB are 6144 entries in 6 or 7 tables of 8 KiB.
        Assert.InRange(storage.Events.Count(e => e.Kind == StorageCall.Write), 2, 20);
        TestImage.Close(image);
        Assert.Equal(0, TestImage.AssertClean(storage).FragmentedClusters);
    }

    [Fact]
    public void Growing_over_a_longer_backing_file_shows_zeroes()
    {
        (RecordingStorage storage, QedImage image, IDisk disk, byte[] content) = New(10_240, hasBacking: true);
        Array.Resize(ref content, 2 << 20);
        disk.SetLength(2 << 20);
        TestImage.Close(image);
        TestImage.AssertClean(storage);
        Assert.Equal(content, ContentOf(storage, hasBacking: true));
    }

    /// <summary>Far more table pages change than the cache holds.</summary>
    [Fact]
    public void Zeroing_and_growing_over_a_huge_backing_file_finishes()
    {
        foreach (bool grows in new[] { false, true })
        {
            MemoryStorage raw = new("base.raw");
            raw.SetLength(64L << 30);
            raw.Write(raw.Length - 1, [1]);
            MemoryStorage file = new("top.qed");
            TestImage.Create(file, new QedGeometry(Cluster, 16), grows ? 1 << 20 : raw.Length, headerSize: 1, new BackingReference("base.raw", IsRaw: true));
            QedImage image = TestImage.OpenForWriting(file);
            IDisk disk = image.ToDisk(new RawDisk(new SolidStorage(new ReadOnlyStorage(raw))));
            if (grows)
            {
                disk.SetLength(raw.Length);
            }
            else
            {
                disk.Zero(0, raw.Length);
            }

            TestImage.Close(image);
            Assert.Equal((64L << 30) / Cluster - (grows ? (1 << 20) / Cluster : 0), TestImage.AssertClean(file).ZeroClusters);
        }
    }

    /// <summary>Entries are written only where the backing file has data.</summary>
    [Fact]
    public void Growing_over_a_sparse_backing_file_hides_only_what_is_in_it()
    {
        MemoryStorage raw = new("base.raw");
        raw.SetLength(64L << 30);
        raw.Write((32L << 30) + 5000, Pattern(2 * Cluster, 1));
        raw.Write(raw.Length - 1, [1]);
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(Cluster, 16), Cluster, headerSize: 1, new BackingReference("base.raw", IsRaw: true));
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(new RawDisk(new ReadOnlyStorage(raw)));
        disk.SetLength(raw.Length);

        byte[] read = new byte[4 * Cluster];
        disk.Read(32L << 30, read);
        Assert.All(read, value => Assert.Equal(0, value));
        disk.Read(raw.Length - read.Length, read);
        Assert.All(read, value => Assert.Equal(0, value));
        TestImage.Close(image);
        Assert.InRange(TestImage.AssertClean(file).ZeroClusters, 4, 8);
        Assert.InRange(file.Length, 0, 1 << 20);
    }

    /// <summary>
    /// Data that a shrink removes is also cleared from the last cluster, where it would reappear if a program grew the disk again.
    /// </summary>
    [Fact]
    public void Shrinking_clears_the_rest_of_the_last_cluster()
    {
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(Cluster, 4), 1 << 20);
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(backing: null);
        disk.Write(0, Pattern(3 * Cluster, 1));
        long place = disk.ExtentAt(0, Cluster).FileOffset;
        disk.SetLength(Cluster + 512);
        TestImage.Close(image);

        byte[] stored = new byte[Cluster];
        Assert.Equal(Cluster, file.Read(place + Cluster, stored));
        Assert.Equal(Pattern(3 * Cluster, 1).AsSpan(Cluster, 512).ToArray(), stored[..512]);
        Assert.All(stored[512..], value => Assert.Equal(0, value));
    }

    /// <summary>Packing uses more tables than the cache holds.</summary>
    [Fact]
    public void Packing_an_image_with_very_many_tables_finishes()
    {
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(Cluster, 4), 12L << 30);
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(backing: null);
        disk.Write(0, Pattern(6000 * Cluster, 1));
        for (long at = 32 << 20; at < disk.Length; at += 2 << 20)
        {
            disk.Write(at, Pattern(1, 2));
        }

        disk.Zero(0, 6000 * Cluster);
        TestImage.Close(image);
        TestImage.AssertClean(file);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void The_largest_disk_can_be_used_up_to_its_end(int tableSize)
    {
        QedGeometry geometry = new(QedGeometry.MaxClusterSize, tableSize);
        long max = geometry.MaxVirtualSize;
        MemoryStorage raw = new("base.qed");
        TestImage.Create(raw, geometry, max);
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, geometry, max - 1024, headerSize: 1, new BackingReference("base.qed", IsRaw: false));
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(QedImage.Open(new ReadOnlyStorage(raw)).ToDisk(backing: null));
        disk.SetLength(max);
        disk.Write(max - 1000, Pattern(1000, 0x61));
        disk.Zero(max - 512, 512);
        byte[] end = new byte[1000];
        disk.Read(max - 1000, end);
        Assert.Equal([.. Pattern(488, 0x61), .. new byte[512]], end);
        disk.SetLength(max - (1 << 27));
        disk.SetLength(1 << 20);
        TestImage.Close(image);
        Assert.Equal(0, TestImage.AssertClean(file).AllocatedClusters);
    }

    private static (RecordingStorage Storage, QedImage Image, IDisk Disk, byte[] Content) New(long size, bool hasBacking, int tableSize = 2)
    {
        RecordingStorage storage = new(new MemoryStorage("top.qed"));
        TestImage.Create(storage, new QedGeometry(Cluster, tableSize), size, headerSize: 1, hasBacking ? new BackingReference("base.raw", IsRaw: true) : null);
        storage.Forget();
        QedImage image = TestImage.OpenForWriting(storage);
        byte[] content = new byte[size];
        if (hasBacking)
        {
            content.AsSpan(0, (int)Math.Min(size, 1 << 20)).Fill(0x77);
        }

        return (storage, image, image.ToDisk(hasBacking ? Raw() : null), content);
    }

    private static RawDisk Raw()
    {
        MemoryStorage raw = new("base.raw");
        raw.Write(0, Pattern(1 << 20, 0x77));
        return new RawDisk(new ReadOnlyStorage(raw));
    }

    private static byte[] Pattern(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static byte[] ContentOf(IStorage storage, bool hasBacking)
    {
        IDisk disk = QedImage.Open(new ReadOnlyStorage(storage)).ToDisk(hasBacking ? Raw() : null);
        byte[] content = new byte[disk.Length];
        disk.Read(0, content);
        return content;
    }

    private static MemoryStorage Load(string fixture)
    {
        MemoryStorage storage = new("top.qed");
        storage.Write(0, File.ReadAllBytes(Fixture.PathOf(fixture)));
        return storage;
    }
}
