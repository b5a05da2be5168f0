using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Tests.Partitions;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>One partition of a disk can be all that an operation works on: what it reads and writes is what lies in that range of the whole disk.</summary>
public sealed class PartitionSelectionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw")]
    [InlineData("qed")]
    [InlineData("qcow2")]
    [InlineData("vhdx")]
    [InlineData("vmdk")]
    [InlineData("vdi")]
    public void A_partition_is_that_range_of_the_disk_in_every_format(string extension)
    {
        (byte[] disk, string path) = MakeDisk("mbr.img", extension);
        foreach (QedPartition partition in DiskPartitioning.Run(path, new()))
        {
            byte[] expected = disk.AsSpan((int)partition.Start, (int)partition.Length).ToArray();
            string alone = _folder.PathOf($"alone{partition.Number}.raw");
            File.WriteAllBytes(alone, expected);

            using (DiskStream stream = DiskOpening.Run(path, new() { Partition = partition.Number }, cancellation: _cancellation))
            {
                Assert.Equal(expected, ReadAll(stream));
                Assert.False(stream.CanWrite);
            }

            QedImageHash hash = DiskHashing.Run(path, new() { Partition = partition.Number }, cancellation: _cancellation);
            Assert.Equal(DiskHashing.Run(alone, new(), cancellation: _cancellation).Hash, hash.Hash);
            Assert.Equal((partition.Number, partition.Length), (hash.Partition, hash.VirtualSize));

            string converted = _folder.PathOf($"converted{partition.Number}.qed");
            QedImageInfo info = DiskConversion.Run(path, converted, new() { Partition = partition.Number, Verify = true }, cancellation: _cancellation);
            Assert.Equal(partition.Length, info.VirtualSize);
            Assert.Equal(hash.Hash, info.Hash);
            Assert.True(DiskComparison.Run(path, alone, new() { Partition = partition.Number, Strict = true }, cancellation: _cancellation).AreEqual);
            Assert.True(DiskComparison.Run(
                converted, path, new() { ReferencePartition = partition.Number, Strict = true }, cancellation: _cancellation).AreEqual);
        }
    }

    [Fact]
    public void Without_a_partition_and_with_number_0_it_is_the_whole_disk()
    {
        (byte[] disk, string path) = MakeDisk("gpt.img", "qed");
        using DiskStream stream = DiskOpening.Run(path, new() { Partition = QedPartition.WholeDisk }, cancellation: _cancellation);
        Assert.Equal(disk, ReadAll(stream));
    }

    [Fact]
    public void What_is_written_stays_within_the_partition_and_its_size_is_kept()
    {
        (byte[] disk, string path) = MakeDisk("gpt.img", "qed");
        QedPartition partition = DiskPartitioning.Run(path, new())[1];
        byte[] data = DiskBytes.Random(7, (int)partition.Length);
        using (DiskStream stream = DiskOpening.Run(path, new() { Partition = partition.Number, Writable = true }, cancellation: _cancellation))
        {
            stream.Write(data);
            Assert.Throws<IOException>(() => stream.WriteByte(1));
            Assert.Throws<NotSupportedException>(() => stream.SetLength(partition.Length * 2));
            stream.Position = partition.Length - 1;
            Assert.Throws<IOException>(() => stream.Write([1, 2]));
        }

        data.CopyTo(disk.AsSpan((int)partition.Start));
        using DiskStream whole = DiskOpening.Run(path, new(), cancellation: _cancellation);
        Assert.Equal(disk, ReadAll(whole));
    }

    [Fact]
    public void A_part_of_a_disk_refuses_to_write_around_itself()
    {
        (_, string path) = MakeDisk("mbr.img", "raw");
        MemoryStorage storage = MemoryStorage.Of("part.raw", File.ReadAllBytes(path));
        DiskPart part = new(DiskFormats.Raw.Open(storage).ToDisk(backing: null), 4096, 8192);
        foreach ((long offset, int count) in ((long, int)[])[(-1, 1), (8192, 1), (8000, 193), (long.MaxValue, 1)])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => part.Write(offset, new byte[count]));
            Assert.Throws<ArgumentOutOfRangeException>(() => part.Zero(offset, count));
        }

        Assert.Throws<NotSupportedException>(() => part.SetLength(4096));
    }

    [Fact]
    public void A_partition_that_is_not_there_is_an_error_that_names_those_that_are()
    {
        (_, string path) = MakeDisk("gpt.img", "qed");
        QedPartitionNotFoundException error = Assert.Throws<QedPartitionNotFoundException>(() => DiskHashing.Run(path, new() { Partition = 7 }, cancellation: _cancellation));
        Assert.Equal(7, error.Number);
        Assert.Equal(
            $"'{path}' has no partition 7. It has 1 (EFI, EFI system, 1 MiB), 2 (root Größe, Linux filesystem, 2 MiB), 3 (Linux swap, 1 MiB).",
            error.Message);

        string whole = _folder.PathOf("whole.raw");
        File.WriteAllBytes(whole, PartitionFixtures.Bytes("ext2.img"));
        Assert.EndsWith(
            "It has no partition table; ext2 is on the disk as a whole, which has the number 0.",
            Assert.Throws<QedPartitionNotFoundException>(() => DiskHashing.Run(whole, new() { Partition = 1 }, cancellation: _cancellation)).Message,
            StringComparison.Ordinal);
        QedRequestException chain = Assert.Throws<QedRequestException>(
            () => ChainConversion.Plan([path], _folder.Path, new() { Partition = 1, Format = QedDiskFormat.Qcow2 }, _cancellation));
        Assert.Equal("Partition", chain.Parameter);
    }

    [Fact]
    public void A_partition_that_is_not_all_there_is_an_error()
    {
        (byte[] disk, _) = MakeDisk("gpt.img", "raw");
        string cut = _folder.PathOf("cut.raw");
        File.WriteAllBytes(cut, disk[..(3 << 20)]);
        Assert.Equal(1 << 20, DiskHashing.Run(cut, new() { Partition = 1 }, cancellation: _cancellation).VirtualSize);
        Assert.Contains(
            "is not all there: it ends at 4194304 bytes, and the disk at 3145728.",
            Assert.Throws<QedPartitionNotFoundException>(() => DiskHashing.Run(cut, new() { Partition = 2 }, cancellation: _cancellation)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Salvaging_a_partition_counts_what_is_lost_from_its_beginning()
    {
        (byte[] disk, string path) = MakeDisk("mbr.img", "qed");
        QedPartition partition = DiskPartitioning.Run(path, new())[1];
        QedExtent extent = ImageMapping.Run(path, new() { Offset = partition.Start + (256 << 10), Length = 1 }, _cancellation).Single();
        ImageFiles.Patch(path, TableEntryOf(path, extent), 0x7777_0001);
        Assert.ThrowsAny<QedException>(() => DiskConversion.Run(path, _folder.PathOf("no.raw"), new() { Partition = 2 }, cancellation: _cancellation));

        string saved = _folder.PathOf("saved.raw");
        QedImageInfo info = DiskConversion.Run(path, saved, new() { Partition = 2, Salvage = true }, cancellation: _cancellation);
        QedRange lost = Assert.Single(info.LostRanges!);
        Assert.Equal((256L << 10, 64L << 10), (lost.Start, lost.Length));
        byte[] expected = disk.AsSpan((int)partition.Start, (int)partition.Length).ToArray();
        expected.AsSpan(256 << 10, 64 << 10).Clear();
        Assert.Equal(expected, File.ReadAllBytes(saved));
    }

    // The partition begins in the middle of a cluster: what is lost is the cluster, and not 64 KiB from any other place.
    [Fact]
    public void Salvaging_a_partition_that_begins_anywhere_loses_no_more_than_the_cluster()
    {
        const int Start = 100 * 512;
        MemoryStorage storage = MemoryStorage.Of("disk.raw", DiskBytes.Random(5, 4 << 20));
        storage.Write(446, new byte[64]);
        TableSketch.WriteMbr(storage, 0, (0x83, 100, 4000));
        byte[] disk = new byte[4 << 20];
        storage.Read(0, disk);
        string raw = _folder.PathOf("disk.raw");
        File.WriteAllBytes(raw, disk);
        string path = _folder.PathOf("disk.qed");
        DiskConversion.Run(raw, path, new(), cancellation: _cancellation);
        ImageFiles.Patch(path, (long)ImageFiles.Peek(path, 65536) + (5 * 8), 0x7777_0001);

        string saved = _folder.PathOf("saved.raw");
        QedImageInfo info = DiskConversion.Run(path, saved, new() { Partition = 1, Salvage = true }, cancellation: _cancellation);
        QedRange lost = Assert.Single(info.LostRanges!);
        Assert.Equal((5L * 65536 - Start, 65536L), (lost.Start, lost.Length));
        byte[] expected = disk.AsSpan(Start, 4000 * 512).ToArray();
        expected.AsSpan((5 * 65536) - Start, 65536).Clear();
        Assert.Equal(expected, File.ReadAllBytes(saved));
    }

    [Fact]
    public void Problems_of_the_table_are_warnings_once()
    {
        (byte[] disk, _) = MakeDisk("gpt.img", "raw");
        disk[512 + 20] ^= 1;
        string path = _folder.PathOf("damaged.raw");
        File.WriteAllBytes(path, disk);
        List<string> warnings = [];
        OperationTrace trace = new() { Warning = warnings.Add };
        Assert.Equal(3, DiskPartitioning.Run(path, new() { Trace = trace }).Count);
        Assert.Contains("The first copy of the partition table (GPT) has a header with a wrong checksum", Assert.Single(warnings), StringComparison.Ordinal);
        DiskHashing.Run(path, new() { Partition = 2, Trace = trace }, cancellation: _cancellation);
        Assert.Equal(2, warnings.Count);
        Assert.Equal(warnings[0], warnings[1]);
    }

    // A disk of three layers: the table is in the lowest one.
    [Fact]
    public void The_table_can_be_in_any_layer()
    {
        (_, string path) = MakeDisk("mbr.img", "qed");
        string middle = _folder.PathOf("middle.qed");
        ImageCreation.Run(middle, new() { BackingFile = path }, _cancellation);
        string top = _folder.PathOf("top.qed");
        ImageCreation.Run(top, new() { BackingFile = middle }, _cancellation);
        Assert.Equal([1, 2, 3, 5, 6, 7], DiskPartitioning.Run(top, new()).Select(one => one.Number));
        Assert.Equal(top, DiskPartitioning.Run(top, new())[0].Path);
    }

    // Data over all of the disk, except where the table is.
    private (byte[] Disk, string Path) MakeDisk(string table, string extension)
    {
        byte[] disk = PartitionFixtures.Bytes(table);
        byte[] data = DiskBytes.Random(3, 64 << 10);
        for (int at = (1 << 20) + (256 << 10); at < disk.Length - (1 << 20); at += 1 << 20)
        {
            data[0]++;
            data.CopyTo(disk.AsSpan(at));
        }

        string raw = _folder.PathOf($"{table}.raw");
        File.WriteAllBytes(raw, disk);
        if (extension == "raw")
        {
            return (disk, raw);
        }

        string path = _folder.PathOf($"{table}.{extension}");
        DiskConversion.Run(raw, path, new(), cancellation: _cancellation);
        return (disk, path);
    }

    // The place of the L2 entry of a cluster in an image of the default geometry with one L2 table.
    private static long TableEntryOf(string path, QedExtent extent)
    {
        ulong table = ImageFiles.Peek(path, 65536);
        return (long)table + (extent.Start / 65536 * 8);
    }

    private static byte[] ReadAll(DiskStream stream)
    {
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        Assert.Equal(0, stream.Read(new byte[1]));
        return bytes;
    }
}
