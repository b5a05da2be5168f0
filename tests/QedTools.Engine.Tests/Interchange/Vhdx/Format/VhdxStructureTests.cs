using System;
using System.Linq;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Interchange.Vhdx.Log;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx.Format;

/// <summary>Each on-disk structure, byte by byte. Some are copied from a dump of a file that qemu-img made.</summary>
public sealed class VhdxStructureTests
{
    // qemu-img create -f vhdx t.vhdx 10M, at 0x10000.
    private const string QemuHeader =
        "68656164 1c5d9ac2 a8d5d1f700000000 dcabb30659324289bf75d6db1557d3d1 820d34d14e464266801f783c2fcdc9c6"
        + " 00000000000000000000000000000000 0000 0100 00001000 0000100000000000";

    // The same file at 0x30000.
    private const string QemuRegionTable =
        "72656769 83ce6f2c 02000000 00000000"
        + " 6677c22d23f600429d64115e9bfd4a08 0000200000000000 00001000 00000000"
        + " 06a27c8b90479a4bb8fe575f050f886e 0000300000000000 00001000 00000000";

    // The same file at 0x300040.
    private const string QemuMetadataEntry = "2442a52f1bcd7648b2115dbed83bf4b8 08000100 08000000 06000000 00000000";

    [Fact]
    public void A_header_is_read_and_written_as_QEMU_does()
    {
        byte[] bytes = Bytes(QemuHeader, VhdxHeader.Size);
        VhdxHeader header = Assert.NotNull(VhdxHeader.Parse(bytes));
        Assert.Equal(
            new VhdxHeader(
                0xF7D1D5A8,
                new Guid("06b3abdc-3259-8942-bf75-d6db1557d3d1"),
                new Guid("d1340d82-464e-6642-801f-783c2fcdc9c6"),
                Guid.Empty,
                LogVersion: 0,
                Version: 1,
                LogLength: 1 << 20,
                LogOffset: 1 << 20),
            header);
        byte[] written = new byte[VhdxHeader.Size];
        header.WriteTo(written);
        Assert.Equal(bytes, written);
    }

    [Fact]
    public void Every_field_of_a_header_is_at_its_offset()
    {
        VhdxHeader header = new(
            0x1122334455667788, Guids(1), Guids(2), Guids(3), LogVersion: 0x0A0B, Version: 0x0C0D, LogLength: 0x0E0F1011, LogOffset: 0x1213141516171819);
        byte[] written = new byte[VhdxHeader.Size];
        header.WriteTo(written);
        Assert.Equal(
            "88776655 44332211 01010101010101010101010101010101 02020202020202020202020202020202 03030303030303030303030303030303 0B0A 0D0C 11100F0E 19181716 15141312"
                .Replace(" ", string.Empty, StringComparison.Ordinal),
            Convert.ToHexString(written, 8, 72));
        Assert.Equal(header, VhdxHeader.Parse(written));
        Assert.True(written.AsSpan(80).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void A_header_with_a_wrong_byte_is_invalid()
    {
        byte[] bytes = Bytes(QemuHeader, VhdxHeader.Size);
        foreach (int at in new[] { 0, 3, 4, 7, 8, 40, 79, 80, 4095 })
        {
            bytes[at] ^= 1;
            Assert.Null(VhdxHeader.Parse(bytes));
            bytes[at] ^= 1;
        }
    }

    [Fact]
    public void The_newer_of_two_valid_headers_counts()
    {
        VhdxHeader old = VhdxHeader.Parse(Bytes(QemuHeader, VhdxHeader.Size))!.Value;
        VhdxHeader newer = old with { SequenceNumber = old.SequenceNumber + 1, LogGuid = Guids(1) };
        Assert.Equal(newer, VhdxHeader.Current(old, newer));
        Assert.Equal(newer, VhdxHeader.Current(newer, old));
        Assert.Equal(old, VhdxHeader.Current(old, null));
        Assert.Equal(old, VhdxHeader.Current(null, old));
        Assert.Null(VhdxHeader.Current(null, null));

        // Disk2vhd writes the same header twice.
        Assert.Equal(old, VhdxHeader.Current(old, old));
        Assert.Null(VhdxHeader.Current(old, old with { LogGuid = Guids(1) }));
    }

    [Fact]
    public void A_region_table_is_read_and_written_as_QEMU_does()
    {
        byte[] bytes = Bytes(QemuRegionTable, RegionTable.Size);
        RegionTableEntry[] entries = Assert.IsType<RegionTableEntry[]>(RegionTable.Parse(bytes));
        Assert.Equal(
            [
                new RegionTableEntry(RegionTableEntry.Bat, 2 << 20, 1 << 20, IsRequired: false),
                new RegionTableEntry(RegionTableEntry.Metadata, 3 << 20, 1 << 20, IsRequired: false),
            ],
            entries);
        byte[] written = new byte[RegionTable.Size];
        Assert.Equal(80, RegionTable.Write(written, entries));
        Assert.Equal(bytes, written);
        foreach (int at in new[] { 0, 4, 8, 60, 65535 })
        {
            bytes[at] ^= 1;
            Assert.Null(RegionTable.Parse(bytes));
            bytes[at] ^= 1;
        }
    }

    [Fact]
    public void A_region_says_whether_it_is_required()
    {
        byte[] table = new byte[RegionTable.Size];
        RegionTable.Write(table, [new RegionTableEntry(Guids(5), 0x1122334455667788, 0x99AABBCC, IsRequired: true)]);
        Assert.Equal("05050505050505050505050505050505" + "8877665544332211" + "CCBBAA99" + "01000000", Convert.ToHexString(table, 16, 32));
        Assert.True(RegionTable.Parse(table)![0].IsRequired);
    }

    [Fact]
    public void A_region_table_has_at_most_2047_entries()
    {
        VhdxSketch sketch = new(1 << 20);
        byte[] table = VhdxSketch.RegionTableOf();
        table[8] = 0xFF;
        table[9] = 0x07;
        VhdxSketch.Seal(table);
        Assert.Equal(2047, RegionTable.Parse(table)!.Length);
        table[8] = 0x00;
        table[9] = 0x08;
        VhdxSketch.Seal(table);
        Assert.Null(RegionTable.Parse(table));
    }

    [Fact]
    public void A_metadata_entry_is_read_and_written_as_QEMU_does()
    {
        byte[] bytes = Bytes(QemuMetadataEntry, MetadataTableEntry.Size);
        MetadataTableEntry entry = MetadataTableEntry.Parse(bytes);
        Assert.Equal(
            new MetadataTableEntry(MetadataTableEntry.VirtualDiskSize, 65544, 8, MetadataItemFlags.IsVirtualDisk | MetadataItemFlags.IsRequired), entry);
        byte[] written = new byte[MetadataTableEntry.Size];
        entry.WriteTo(written);
        Assert.Equal(bytes, written);
    }

    [Fact]
    public void A_BAT_entry_is_a_state_and_an_offset_in_MiB()
    {
        BatEntry entry = BatEntry.FullyPresentAt(0x12345L << 20);
        Assert.Equal(0x1234500006UL, entry.Value);
        Assert.Equal((PayloadBlockState.FullyPresent, 0x1234500000UL), (entry.State, entry.FileOffset));
        Assert.Equal("0x1234500006", entry.ToString());
        BatEntry odd = new(0xFFFFFFFFFFFFFFF7);
        Assert.Equal((PayloadBlockState.PartiallyPresent, 0xFFFFFFFFFFF00000), (odd.State, odd.FileOffset));
    }

    [Fact]
    public void The_file_begins_with_its_type_and_its_creator()
    {
        byte[] bytes = new byte[FileTypeIdentifier.Size];
        FileTypeIdentifier.Write(bytes, "Ab");
        Assert.Equal("7668647866696C65" + "41006200" + "0000", Convert.ToHexString(bytes, 0, 14));
    }

    [Fact]
    public void A_log_entry_header_has_its_fields_at_their_offsets()
    {
        byte[] bytes = Bytes(
            "6c6f6765 01020304 00200000 00300000 0807060504030201 05000000 00000000 07070707070707070707070707070707 0000400000000000 0000500000000000", 64);
        LogEntryHeader header = LogEntryHeader.Parse(bytes)!.Value;
        Assert.Equal(new LogEntryHeader(0x04030201, 0x2000, 0x3000, 0x0102030405060708, 5, Guids(7), 0x400000, 0x500000), header);
        Assert.Equal((1, 1), (header.DescriptorSectors, header.DataSectors));
        Assert.Equal((1, 2, 2, 3), ((header with { DescriptorCount = 126 }).DescriptorSectors, (header with { DescriptorCount = 127 }).DescriptorSectors, (header with { DescriptorCount = 254 }).DescriptorSectors, (header with { DescriptorCount = 255 }).DescriptorSectors));
        bytes[0]++;
        Assert.Null(LogEntryHeader.Parse(bytes));
    }

    [Fact]
    public void A_log_entry_header_must_fit_the_log()
    {
        LogEntryHeader header = new(0, 0x2000, 0x3000, 1, 5, Guids(7), 0, 0);
        Assert.True(header.IsPlausible(Guids(7), 1 << 20));
        Assert.False(header.IsPlausible(Guids(8), 1 << 20));
        Assert.False((header with { SequenceNumber = 0 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { EntryLength = 0 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { EntryLength = 0x2100 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { EntryLength = 0x101000 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { Tail = 0x3100 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { Tail = 1 << 20 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { DescriptorCount = 255 }).IsPlausible(Guids(7), 1 << 20));
        Assert.False((header with { DescriptorCount = uint.MaxValue }).IsPlausible(Guids(7), 1 << 20));
    }

    [Fact]
    public void Log_descriptors_have_their_fields_at_their_offsets()
    {
        LogDescriptor data = LogDescriptor.Parse(Bytes("64657363 01020304 1112131415161718 0010000000000000 0900000000000000", 32))!.Value;
        Assert.Equal(new LogDescriptor(IsData: true, 0x04030201, 0x1817161514131211, 0x1000, 9), data);
        Assert.Equal(4096UL, data.Length);
        LogDescriptor zero = LogDescriptor.Parse(Bytes("7a65726f 00000000 0030000000000000 0010000000000000 0900000000000000", 32))!.Value;
        Assert.Equal(new LogDescriptor(IsData: false, 0, 0x3000, 0x1000, 9), zero);
        Assert.Equal(0x3000UL, zero.Length);
        Assert.Null(LogDescriptor.Parse(new byte[32]));
        Assert.True(data.IsPlausible(9) && zero.IsPlausible(9));
        Assert.False(data.IsPlausible(8));
        Assert.False((data with { FileOffset = 0x1100 }).IsPlausible(9));
        Assert.False((data with { FileOffset = 1UL << 63 }).IsPlausible(9));
        Assert.False((zero with { LeadingBytes = 0x3100 }).IsPlausible(9));
        Assert.False((zero with { LeadingBytes = ulong.MaxValue - 4095 }).IsPlausible(9));
    }

    [Fact]
    public void The_first_and_last_bytes_of_a_data_sector_are_restored()
    {
        byte[] sector = [.. Enumerable.Repeat((byte)0xEE, 4096)];
        new LogPatch(0, 4096, DataAt: 0, 0x0807060504030201, 0x0C0B0A09).Complete(sector);
        Assert.Equal("0102030405060708EE", Convert.ToHexString(sector, 0, 9));
        Assert.Equal("EE090A0B0C", Convert.ToHexString(sector, 4091, 5));
    }

    private static Guid Guids(byte value) => new([.. Enumerable.Repeat(value, 16)]);

    private static byte[] Bytes(string hex, int length)
    {
        byte[] bytes = new byte[length];
        Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal)).CopyTo(bytes, 0);
        return bytes;
    }
}
