using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Partitions;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Partitions;

/// <summary>Partition tables mean what sfdisk, partx and Linux take them for; what is wrong with them is said.</summary>
public sealed class PartitionTableTests
{
    public static TheoryData<string> Files => [.. PartitionFixtures.Rows("tables.tsv").Select(row => row["file"]).Distinct()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_table_is_what_partx_says(string file)
    {
        Dictionary<string, string>[] rows = [.. PartitionFixtures.Rows("tables.tsv").Where(row => row["file"] == file)];
        int sectorSize = int.Parse(rows[0]["sectorsize"], System.Globalization.CultureInfo.InvariantCulture);
        CountedDisk disk = PartitionFixtures.DiskOf(PartitionFixtures.Open(file, PartitionFixtures.NumberOf(rows[0]["size"])!.Value));
        PartitionTable table = PartitionTable.Of(disk, sectorSize);

        Assert.Equal(
            rows.Select(row => $"{row["number"]} {row["start"]} {row["sectors"]} {row["type"]} {row["name"]} {(row["uuid"].Length == 36 ? row["uuid"] : string.Empty)}"),
            table.Entries.Select(entry =>
                $"{entry.Number} {entry.Start / 512} {entry.Length / 512} {TypeOf(entry)} {entry.Name} {entry.Guid}"));
        Assert.Equal(sectorSize, table.SectorSize);
        Assert.Empty(table.Problems);
        Assert.InRange(disk.Reads, 1, 20);
    }

    [Fact]
    public void The_size_of_the_sectors_of_a_GPT_need_not_be_known() =>
        Assert.Equal((QedPartitionTable.Gpt, 4096), KindOf(PartitionTable.Of(Fixture("gpt-4096.img"), 512)));

    [Fact]
    public void The_size_of_the_sectors_of_an_MBR_shows_where_there_are_file_systems()
    {
        MemoryStorage storage = PartitionFixtures.Open("mbr-4096.img", 10 << 20);
        Assert.Equal((QedPartitionTable.Mbr, 512), KindOf(PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512)));

        storage.Write(1 << 20, PartitionFixtures.Bytes("ext2.img"));
        Assert.Equal((QedPartitionTable.Mbr, 4096), KindOf(PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512)));
        Assert.Equal((QedPartitionTable.Mbr, 4096), KindOf(PartitionTable.Of(PartitionFixtures.DiskOf(storage), 4096)));
    }

    // As the kernel and partx number and sfdisk, too, where it reads them at all.
    [Fact]
    public void Logical_partitions_count_from_five_in_the_order_of_the_chain()
    {
        MemoryStorage storage = Disk();
        TableSketch.WriteMbr(storage, 0, (0, 0, 0), (0x83, 100, 50), (0x05, 2048, 10000));
        TableSketch.WriteMbr(storage, 2048, (0, 0, 0), (0x05, 4000, 2000));
        TableSketch.WriteMbr(storage, 6048, (0x05, 2000, 2000), (0x83, 63, 1000));
        TableSketch.WriteMbr(storage, 4048, (0x82, 63, 500));
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["2 100 50", "3 2048 10000", "5 6111 1000", "6 4111 500"], Lines(table));
        Assert.Equal([false, true, false, false], table.Entries.Select(entry => entry.IsExtended));
    }

    [Fact]
    public void All_extended_partitions_count_and_the_seldom_used_entries_of_their_tables_as_for_Linux()
    {
        MemoryStorage storage = Disk();
        TableSketch.WriteMbr(storage, 0, (0x0F, 2048, 10000), (0x85, 13000, 2000));
        TableSketch.WriteMbr(storage, 2048, (0x83, 63, 1000), (0x83, 2000, 500), (0x83, 3000, 500), (0x05, 5000, 2000));
        TableSketch.WriteMbr(storage, 7048, (0x83, 63, 1000), (0, 0, 0), (0x83, 100, 5000));
        TableSketch.WriteMbr(storage, 13000, (0x83, 63, 100));
        Assert.Equal(
            ["1 2048 10000", "2 13000 2000", "5 2111 1000", "6 4048 500", "7 5048 500", "8 7111 1000", "9 13063 100"],
            Lines(PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512)));
    }

    [Fact]
    public void A_chain_that_leads_back_ends_and_so_does_one_that_leads_nowhere()
    {
        MemoryStorage storage = Disk();
        TableSketch.WriteMbr(storage, 0, (0x05, 2048, 10000));
        TableSketch.WriteMbr(storage, 2048, (0x83, 63, 1000), (0x05, 2000, 2000));
        TableSketch.WriteMbr(storage, 4048, (0x83, 63, 1000), (0x05, 0, 2000));
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 2048 10000", "5 2111 1000", "6 4111 1000"], Lines(table));
        Assert.Equal("The chain of logical partitions leads back to sector 2048.", Assert.Single(table.Problems));

        TableSketch.WriteMbr(storage, 4048, (0x83, 63, 1000), (0x05, 3_000_000_000, 2000));
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(3, table.Entries.Count);
        Assert.Equal("The chain of logical partitions leads to sector 3000002048, where there is no table.", Assert.Single(table.Problems));
    }

    [Fact]
    public void A_long_chain_is_read_up_to_the_last_number_and_one_of_empty_tables_not_at_all()
    {
        MemoryStorage storage = new("long.raw");
        storage.SetLength(1L << 30);
        TableSketch.WriteMbr(storage, 0, (0x05, 64, 2_000_000));
        for (uint i = 0; i < 600; i++)
        {
            TableSketch.WriteMbr(storage, 64 + (i * 64), (0x83, 1, 32), (0x05, (i + 1) * 64, 64));
        }

        CountedDisk disk = PartitionFixtures.DiskOf(storage);
        PartitionTable table = PartitionTable.Of(disk, 512);
        Assert.Equal(255, table.Entries[^1].Number);
        Assert.Contains("more logical partitions", Assert.Single(table.Problems), StringComparison.Ordinal);
        Assert.InRange(disk.Reads, 1, 2000);

        for (uint i = 0; i < 600; i++)
        {
            TableSketch.WriteMbr(storage, 64 + (i * 64), (0, 0, 0), (0x05, (i + 1) * 64, 64));
        }

        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 64 2000000"], Lines(table));
        Assert.Contains("too many tables without a partition", Assert.Single(table.Problems), StringComparison.Ordinal);
    }

    // blkid does not take these for partition tables, and Linux does not where the boot indicators are wrong.
    [Fact]
    public void A_boot_sector_of_a_Windows_file_system_is_no_partition_table()
    {
        foreach (string file in (string[])["fat12.img", "fat16.img", "fat32.img", "ntfs.img", "exfat.img"])
        {
            MemoryStorage storage = PartitionFixtures.Open(file, 64 << 20);
            TableSketch.WriteMbr(storage, 0, (0x83, 2048, 4096));
            Assert.Equal(QedPartitionTable.None, PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512).Kind);
        }

        MemoryStorage text = Disk();
        TableSketch.WriteMbr(text, 0, (0x83, 2048, 4096));
        Assert.Equal(QedPartitionTable.Mbr, PartitionTable.Of(PartitionFixtures.DiskOf(text), 512).Kind);
        text.Write(462, "t"u8);
        Assert.Equal(QedPartitionTable.None, PartitionTable.Of(PartitionFixtures.DiskOf(text), 512).Kind);
    }

    [Fact]
    public void Only_the_length_of_an_entry_says_whether_it_is_used()
    {
        MemoryStorage storage = Disk();
        TableSketch.WriteMbr(storage, 0, (0, 100, 1000), (0x83, 2048, 0), (0x83, 4096, 10));
        Assert.Equal(["1 100 1000", "3 4096 10"], Lines(PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512)));
        TableSketch.WriteMbr(storage, 0);
        Assert.Equal(QedPartitionTable.Mbr, PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512).Kind);
    }

    [Fact]
    public void A_GPT_is_read_from_its_backup_if_the_first_copy_is_damaged()
    {
        foreach (long at in (long[])[512, 512 + 60, 1024 + 48])
        {
            MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
            storage.Write(at, [0xFF]);
            PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
            Assert.Equal(["1 2048 2048"], Lines(table));
            Assert.StartsWith("The first copy of the partition table (GPT) has ", Assert.Single(table.Problems), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_backup_is_said_and_so_is_one_that_disagrees()
    {
        MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        storage.Write(20479 * 512, [0]);
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal("The backup of the partition table (GPT) has no header; the first copy is used.", Assert.Single(table.Problems));
        Assert.Null(table.BackupEnd);

        storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        TableSketch.WriteGpt(storage, 20479, 1, 20447, 512, 128, 128, (2048, 4096, "one"));
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 2048 2048"], Lines(table));
        Assert.Equal("The two copies of the partition table (GPT) disagree; the first one is used.", Assert.Single(table.Problems));
    }

    [Fact]
    public void A_disk_that_has_grown_has_its_backup_in_the_middle_and_one_that_was_cut_has_none()
    {
        MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        storage.SetLength(30000 * 512);
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal("The backup of the partition table (GPT) is in sector 20479 and not in the last one of the disk, 29999.", Assert.Single(table.Problems));
        Assert.Equal(20480 * 512, table.BackupEnd);

        // Its first copy damaged too: the first sector of the disk knows where the end was.
        storage.Write(512, [0]);
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 2048 2048"], Lines(table));
        Assert.Equal(2, table.Problems.Count);

        storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        storage.SetLength(10000 * 512);
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 2048 2048"], Lines(table));
        Assert.Equal("The backup of the partition table (GPT) has no header; the first copy is used.", Assert.Single(table.Problems));
    }

    [Fact]
    public void A_GPT_counts_only_if_the_first_sector_says_so_and_one_of_its_copies_is_valid()
    {
        MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        TableSketch.WriteMbr(storage, 0, (0x83, 100, 100));
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal((QedPartitionTable.Mbr, 512), KindOf(table));
        Assert.Contains("does not say so", Assert.Single(table.Problems), StringComparison.Ordinal);

        storage.Write(510, [0]);
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal((QedPartitionTable.None, 512), KindOf(table));
        Assert.Contains("does not say so", Assert.Single(table.Problems), StringComparison.Ordinal);

        storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
        storage.Write(512, [0]);
        storage.Write(20479 * 512, [0]);
        table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 1 20479"], Lines(table));
        Assert.Equal("0xEE", table.Entries[0].TypeId);
        Assert.Contains("neither of its two copies is valid", Assert.Single(table.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512, 256, 128)]
    [InlineData(512, 128, 4)]
    [InlineData(512, 128, 1000)]
    [InlineData(4096, 128, 128)]
    [InlineData(4096, 512, 7)]
    public void Entries_can_have_other_sizes_and_numbers(int sectorSize, int entrySize, int count)
    {
        MemoryStorage storage = TableSketch.Gpt(20480, sectorSize, entrySize, count, (2048, 4095, "one"), (5000, 5000, "second partition's name of 36 signs"));
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal((QedPartitionTable.Gpt, sectorSize), KindOf(table));
        Assert.Equal(["one", "second partition's name of 36 signs"], table.Entries.Select(entry => entry.Name));
        Assert.Equal(2048L * sectorSize, table.Entries[0].Start);
        Assert.Equal(sectorSize, table.Entries[1].Length);
        Assert.Empty(table.Problems);
    }

    [Fact]
    public void Entries_of_an_impossible_size_or_number_make_a_copy_invalid()
    {
        foreach ((int size, int count) in ((int, int)[])[(64, 128), (192, 10), (128, 0)])
        {
            MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "one")]);
            TableSketch.WriteGpt(storage, 1, 20479, 2, 512, size, count);
            PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
            Assert.Equal(["1 2048 2048"], Lines(table));
            Assert.Contains("of a number or a size that is not possible", Assert.Single(table.Problems), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Partitions_that_overlap_or_end_beyond_the_disk_or_before_they_begin_are_said()
    {
        MemoryStorage storage = TableSketch.Gpt(partitions: [(2048, 4095, "a"), (4000, 5000, "b"), (6000, 30000, "c"), (8000, 7999, "d"), (8000, ulong.MaxValue, "e")]);
        PartitionTable table = PartitionTable.Of(PartitionFixtures.DiskOf(storage), 512);
        Assert.Equal(["1 2048 2048", "2 4000 1001", "3 6000 24001"], Lines(table));
        Assert.Equal(
            [
                "Partition 4, from sector 8000 to 7999, is not possible and left out.",
                "Partition 5, from sector 8000 to 18446744073709551615, is not possible and left out.",
                "Partition 3 ends at 15360512 bytes, beyond the end of the disk at 10485760.",
                "Partitions 1 and 2 overlap.",
            ],
            table.Problems);
    }

    [Fact]
    public void The_types_that_have_a_name_are_types_that_sfdisk_knows()
    {
        Assert.SkipUnless(Qemu.IsOnPath("sfdisk"), "sfdisk is not installed (Debian: fdisk)");
        string known = Qemu.Run("sfdisk", "--list-types", "--label", "gpt").Output;
        Assert.DoesNotContain(PartitionTypes.KnownGuids, type => !known.Contains(type.ToString(), StringComparison.OrdinalIgnoreCase));
    }

    private static CountedDisk Fixture(string file) => PartitionFixtures.DiskOf(PartitionFixtures.Open(file, 10 << 20));

    private static MemoryStorage Disk()
    {
        MemoryStorage storage = new("mbr.raw");
        storage.SetLength(10 << 20);
        return storage;
    }

    private static (QedPartitionTable Kind, int SectorSize) KindOf(PartitionTable table) => (table.Kind, table.SectorSize);

    private static IEnumerable<string> Lines(PartitionTable table) =>
        table.Entries.Select(entry => $"{entry.Number} {entry.Start / 512} {entry.Length / 512}");

    private static string TypeOf(PartitionEntry entry) => entry.Guid is null
        ? $"0x{Convert.ToInt32(entry.TypeId, 16):x}"
        : entry.TypeId.ToLowerInvariant();
}
