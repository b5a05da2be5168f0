using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vhd;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>
/// Files that claim the largest possible size, or more: they work or fail with an engine error, and quickly in either case.
/// </summary>
public sealed class HugeClaimTests
{
    // The most extents that a walk over a file of a few KiB or MiB may request, whatever the file claims.
    private const int MaxExtents = 20_000;

    private static readonly ulong[] Values =
    [
        long.MaxValue, long.MaxValue - 511, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 511, 1UL << 62, 1UL << 54, 1UL << 53, uint.MaxValue, int.MaxValue, 1UL << 31,
    ];

    [Theory]
    [InlineData(QedDiskFormat.Qed, 64, false)]
    [InlineData(QedDiskFormat.Qcow2, 112, true)]
    [InlineData(QedDiskFormat.Vhd, 1536, true)]
    [InlineData(QedDiskFormat.Vdi, 512, false)]
    [InlineData(QedDiskFormat.Vmdk, 512, false)]
    public void Every_field_of_a_header_may_hold_any_number(QedDiskFormat kind, int headerBytes, bool isBigEndian)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        byte[] good = Good(format);
        byte[] bytes = new byte[good.Length];
        for (int at = 0; at + 8 <= headerBytes; at += 4)
        {
            foreach (ulong value in Values)
            {
                foreach (int width in new[] { 4, 8 })
                {
                    good.CopyTo(bytes, 0);
                    byte[] field = BitConverter.GetBytes(value)[..width];
                    (isBigEndian ? field.Reverse() : field).ToArray().CopyTo(bytes, at);
                    Seal(kind, bytes);
                    MemoryStorage storage = MemoryStorage.Of("claims" + format.Extensions[0], bytes);
                    try
                    {
                        if (HostileFile.Survives(format, storage))
                        {
                            Walk(format.Open(storage).ToDisk(backing: null));
                        }
                    }
                    catch (Exception e) when (e is not QedException)
                    {
                        Assert.Fail($"{kind}, {width} bytes at {at} are 0x{value:x}: {e}");
                    }
                    catch (QedException)
                    {
                    }
                }
            }
        }
    }

    [Fact]
    public void A_vhd_that_claims_more_than_its_table_maps_is_damaged()
    {
        byte[] bytes = Good(DiskFormats.Of(QedDiskFormat.Vhd));
        foreach (int footer in new[] { 0, bytes.Length - 512 })
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(footer + 48), long.MaxValue - 511);
        }

        Seal(QedDiskFormat.Vhd, bytes);
        MemoryStorage storage = new("a.vhd");
        storage.Write(0, bytes);
        Assert.Throws<QedDamagedFileException>(() => DiskFormats.Of(QedDiskFormat.Vhd).Open(storage));
    }

    [Fact]
    public void A_backing_name_that_begins_outside_a_small_cluster_is_damage()
    {
        byte[] bytes = Good(DiskFormats.Of(QedDiskFormat.Qcow2), clusterSize: 512);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), 1UL << 63);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), 1000);
        MemoryStorage storage = new("a.qcow2");
        storage.Write(0, bytes);
        Assert.Throws<QedDamagedFileException>(() => DiskFormats.Of(QedDiskFormat.Qcow2).Open(storage));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_vmdk_of_the_largest_size_without_grains_is_walked_at_once(int tableSector)
    {
        // 2^62 - 512 bytes in grains of 64 MiB and tables of 65,536 entries: 2^20 tables, none of them allocated, or all the same empty one.
        byte[] header = new byte[512];
        "KDMV"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), 1);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(12), (1L << 53) - 1);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(20), 1L << 17);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(28), 1);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(36), 1);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(44), 1 << 16);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(56), 1 << 16);
        MemoryStorage storage = new("a.vmdk");
        storage.Write(0, header);
        storage.Write(512, "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\nRW 1 SPARSE \"a.vmdk\"\n"u8);
        byte[] directory = new byte[4 << 20];
        for (int at = 0; at < directory.Length; at += 4)
        {
            BinaryPrimitives.WriteInt32LittleEndian(directory.AsSpan(at), tableSector);
        }

        storage.Write(512 << 16, directory);
        IDisk disk = DiskFormats.Of(QedDiskFormat.Vmdk).Open(storage).ToDisk(backing: null);
        Assert.Equal((1L << 62) - 512, disk.Length);
        Assert.False(Walk(disk));
    }

    [Fact]
    public void A_qcow2_file_of_the_largest_size_without_tables_is_walked_at_once()
    {
        byte[] bytes = Good(DiskFormats.Of(QedDiskFormat.Qcow2), clusterSize: 2 << 20);
        const long MaxSize = long.MaxValue - 511;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(24), MaxSize);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(36), 1 << 24);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(40), 64 << 20);
        MemoryStorage storage = new("a.qcow2");
        storage.Write(0, bytes);
        storage.SetLength(256 << 20);
        IDisk disk = DiskFormats.Of(QedDiskFormat.Qcow2).Open(storage).ToDisk(backing: null);
        Assert.Equal(MaxSize, disk.Length);
        Assert.False(Walk(disk));
    }

    [Theory]
    [InlineData(long.MaxValue / 512, true)]
    [InlineData((long.MaxValue / 512) + 1, false)]
    [InlineData(long.MaxValue, false)]
    public void A_descriptor_may_claim_any_size_that_fits_in_63_bits(long sectors, bool isValid)
    {
        MemoryStorage storage = new("a.vmdk");
        storage.Write(0, Encoding.ASCII.GetBytes($"# Disk DescriptorFile\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW {sectors} FLAT \"a-flat.vmdk\" 0\n"));
        IDiskFormat format = DiskFormats.Of(QedDiskFormat.Vmdk);
        if (isValid)
        {
            Assert.Equal(sectors * 512, format.Open(storage).VirtualSize);
        }
        else
        {
            Assert.ThrowsAny<QedException>(() => format.Open(storage));
        }
    }

    [Theory]
    [InlineData(4096, 1)]
    [InlineData(64 << 20, 16)]
    public void An_image_in_the_longest_file_is_read_and_checked_and_refuses_to_grow(int clusterSize, int tableSize)
    {
        MemoryStorage storage = new();
        QedGeometry geometry = new(clusterSize, tableSize);
        TestImage.Create(storage, geometry, clusterSize * 4L);
        storage.SetLength(long.MaxValue);
        Assert.Equal(QedCheckStatus.Leaks, TestImage.Check(storage).Status);
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing: null);
        disk.Read(0, new byte[4096]);
        Assert.Throws<QedLimitException>(() => disk.Write(0, new byte[] { 1 }));
        disk.Read(0, new byte[4096]);
        image.Dispose();
    }

    [Theory]
    [InlineData(1L << 41)]
    [InlineData(1L << 62)]
    [InlineData(long.MaxValue - 4095)]
    public void The_only_cluster_at_the_end_of_a_huge_file_is_moved_at_once(long length)
    {
        MemoryStorage storage = new();
        QedGeometry geometry = new(4096, 1);
        TestImage.Create(storage, geometry, 1 << 20);
        QedImage image = TestImage.OpenForWriting(storage);
        image.ToDisk(backing: null).Write(0, new byte[4096]);
        TestImage.Close(image);

        // The entry of the only cluster refers to the last cluster of a file that really has the claimed length.
        byte[] data = [.. Enumerable.Repeat((byte)5, 4096)];
        byte[] entry = BitConverter.GetBytes(length - 4096);
        storage.Write(length - 4096, data);
        storage.Write(TableOffset(storage), entry);

        image = TestImage.OpenForWriting(storage);
        image.Pack();
        TestImage.Close(image);
        TestImage.AssertClean(storage);
        Assert.Equal(4 * 4096, storage.Length);
        byte[] read = new byte[4096];
        QedImage.Open(new ReadOnlyStorage(storage)).ToDisk(backing: null).Read(0, read);
        Assert.Equal(data, read);

        static long TableOffset(MemoryStorage storage)
        {
            byte[] l1 = new byte[8];
            storage.Read(4096, l1);
            return BitConverter.ToInt64(l1);
        }
    }

    [Theory]
    [InlineData(512 << 10)]
    [InlineData(2 << 20)]
    public void The_last_block_of_a_full_vhd_is_within_reach_of_its_entry(int blockSize)
    {
        VhdBlocks blocks = new(blockSize);
        long count = (2040L << 30) / blockSize;
        long end = 1536 + (count * 4);
        int alignment = blocks.AlignmentFor(2040L << 30, end);
        uint entry = 0;
        for (long block = 0; block < count; block++)
        {
            entry = blocks.EntryAfter(end, alignment);
            Assert.True((long)entry * 512 >= end);
            end = blocks.DataOffset(entry) + blockSize;
        }

        Assert.InRange(entry, 1u, uint.MaxValue - 1);
        Assert.Equal(4096, blocks.AlignmentFor(1L << 40, 1536 + (4 << 20)));
    }

    // Whether there is data. Fails if finding out takes too many requests.
    private static bool Walk(IDisk disk)
    {
        CountedDisk counted = new(disk);
        bool hasData = false;
        foreach (DiskExtent extent in ExtentWalk.Over(counted, 0, disk.Length, TestContext.Current.CancellationToken))
        {
            hasData |= extent.State == QedExtentState.Data;
        }

        return hasData;
    }

    private static byte[] Good(IDiskFormat format, int? clusterSize = null)
    {
        MemoryStorage storage = new();
        IDiskLayer layer = format.Resolve("good" + format.Extensions[0], new DiskRequest(6 << 20) { ClusterSize = clusterSize }).Create(storage);
        layer.ToDisk(backing: null).Write(4096, new byte[] { 1, 2, 3 });
        layer.EndWriting();
        byte[] bytes = new byte[storage.Length];
        storage.Read(0, bytes);
        return bytes;
    }

    // Fixes the checksums of a VHD file's footer and header, and copies the footer from the start of the file to its end.
    private static void Seal(QedDiskFormat kind, byte[] bytes)
    {
        if (kind != QedDiskFormat.Vhd)
        {
            return;
        }

        Sum(bytes.AsSpan(0, 512), 64);
        Sum(bytes.AsSpan(512, 1024), 36);
        bytes.AsSpan(0, 512).CopyTo(bytes.AsSpan(bytes.Length - 512));

        static void Sum(Span<byte> part, int at)
        {
            part.Slice(at, 4).Clear();
            uint sum = 0;
            foreach (byte value in part)
            {
                sum += value;
            }

            BinaryPrimitives.WriteUInt32BigEndian(part[at..], ~sum);
        }
    }

    private sealed class CountedDisk(IDisk disk) : IDisk
    {
        private int _asked;

        public long Length => disk.Length;

        public bool CanWrite => false;

        public DiskExtent ExtentAt(long offset, long length)
        {
            Assert.InRange(offset, 0, Length - 1);
            Assert.InRange(length, 1, Length - offset);
            Assert.True(++_asked <= MaxExtents, $"More than {MaxExtents} extents, at {offset} of {Length}");
            DiskExtent extent = disk.ExtentAt(offset, length);
            Assert.InRange(extent.Length, 1, length);
            return extent;
        }

        public void Read(long offset, Span<byte> buffer) => disk.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

        public void Zero(long offset, long length) => throw new NotSupportedException();

        public void Flush() => throw new NotSupportedException();

        public void SetLength(long length) => throw new NotSupportedException();
    }
}
