using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Vhdx;
using QedTools.Tests.DataPlane;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>The metadata that a VHDX file has before its blocks, and what of it is refused.</summary>
public sealed class VhdxLayerTests
{
    private const long MiB = 1 << 20;

    private static readonly Guid Unknown = new("00000000-0000-0000-0000-00000000ABCD");

    private static readonly Dictionary<string, string> Locator = new()
    {
        ["parent_linkage"] = "{83ed0ec3-24c8-49a6-a959-5e4bf1288bfb}",
        ["relative_path"] = @".\parent.vhdx",
    };

    /// <summary>Each kind of damage: how the file is damaged, and the field, value and allowed values that the error must name.</summary>
    public static TheoryData<string> Damages { get; } = [.. DamagedFiles.Keys];

    private static Dictionary<string, (Action<VhdxSketch> Damage, string[] Says)> DamagedFiles => new()
    {
        ["the magic is wrong"] = (s => s.Storage.Write(0, "vhdxfilf"u8), ["76 68 64 78 66 69 6c 66", "\"vhdxfile\""]),
        ["the file is empty"] = (s => s.Storage.SetLength(0), ["missing", "\"vhdxfile\""]),
        ["the file ends in its first header"] = (s => s.Storage.SetLength(VhdxSketch.FirstHeader + 4095), ["current headers is 0"]),
        ["both headers are damaged"] = (
            s =>
            {
                s.Write32(VhdxSketch.FirstHeader + 100, 1);
                s.Write32(VhdxSketch.SecondHeader + 4, 1);
            },
            ["current headers is 0", "65536 and 131072"]),
        ["both headers are equally new"] = (
            s =>
            {
                s.LogGuid = Unknown;
                s.WriteHeader(VhdxSketch.FirstHeader, 2);
            },
            ["current headers is 0"]),
        ["both region tables are damaged"] = (
            s =>
            {
                s.Write32(VhdxSketch.FirstRegionTable + 100, 1);
                s.Write32(VhdxSketch.SecondRegionTable + 65000, 1);
            },
            ["region tables is 0"]),
        ["the file ends in the region tables"] = (s => s.Storage.SetLength(VhdxSketch.FirstRegionTable + 100), ["region tables is 0", "196608 and 262144"]),
        ["the log has no length"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logLength: 0), ["LogLength is 0", "multiple of 1 MiB"]),
        ["the log has an odd length"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logLength: 4096), ["LogLength is 4096"]),
        ["the log is in the header section"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logOffset: 0), ["LogOffset is 0"]),
        ["the log is misaligned"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logOffset: (1 << 20) + 4096), ["LogOffset is 1052672"]),
        ["the log wraps"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logOffset: ulong.MaxValue - MiB + 1), ["LogOffset is 18446744073708503040"]),
        ["the log is over the metadata"] = (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, logOffset: 2 << 20), ["offset of the", "2097152"]),
        ["there is no BAT region"] = (s => s.WriteRegionTables((VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)), ["number of BAT regions is 0"]),
        ["there is no metadata region"] = (s => s.WriteRegionTables((VhdxSketch.BatRegion, s.BatOffset, MiB, 1)), ["number of metadata regions is 0"]),
        ["there are two BAT regions"] = (
            s =>
            {
                long more = s.Append(MiB);
                s.WriteRegionTables(
                    (VhdxSketch.BatRegion, s.BatOffset, MiB, 1), (VhdxSketch.BatRegion, more, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1));
            },
            ["number of BAT regions is 2"]),
        ["the BAT is past the end"] = (
            s => s.WriteRegionTables((VhdxSketch.BatRegion, 100 * MiB, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)),
            ["FileOffset of the BAT region is 104857600", "inside the file's 4194304"]),
        ["the BAT ends past the end"] = (s => s.Storage.SetLength(s.BatOffset + MiB - 1), ["FileOffset of the BAT region is 3145728", "inside the file's 4194303"]),
        ["the BAT is misaligned"] = (
            s => s.WriteRegionTables((VhdxSketch.BatRegion, s.BatOffset + 512, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)),
            ["FileOffset of the BAT region is 3146240"]),
        ["the BAT has an odd length"] = (
            s => s.WriteRegionTables((VhdxSketch.BatRegion, s.BatOffset, 65536, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)),
            ["Length of the BAT region is 65536"]),
        ["the BAT is over the metadata"] = (
            s => s.WriteRegionTables((VhdxSketch.BatRegion, s.MetadataOffset, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)),
            ["offset of the", "region is 2097152"]),
        ["the BAT is over the log"] = (
            s => s.WriteRegionTables((VhdxSketch.BatRegion, MiB, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1)),
            ["offset of the", "is 1048576"]),
        ["the BAT is too short for the disk"] = (s => s.Write64(s.ItemOffset(1), 1UL << 40), ["Length of the BAT region is 1048576", "at least 8390648 bytes"]),
        ["an optional region is over the BAT"] = (
            s => s.WriteRegionTables(
                (VhdxSketch.BatRegion, s.BatOffset, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1), (Unknown, s.MetadataOffset, 2 * MiB, 0)),
            ["offset of the"]),
        ["the metadata table has a wrong signature"] = (s => s.Write64(s.MetadataOffset, 1), ["metadata table's Signature is 0x1", "\"metadata\""]),
        ["the metadata table has too many entries"] = (s => s.Storage.Write(s.MetadataOffset + 10, [0, 8]), ["EntryCount is 2048", "2047"]),
        ["there are no file parameters"] = (s => s.WriteMetadataEntry(0, Unknown, 0, 0, 0), ["File Parameters is 0", "1"]),
        ["the file parameters are a user item"] = (s => s.WriteMetadataEntry(0, VhdxSketch.FileParameters, 65536, 8, 1), ["File Parameters is 0"]),
        ["an item is in the table"] = (s => s.WriteMetadataEntry(0, VhdxSketch.FileParameters, 32, 8, 4), ["Offset of the metadata item File Parameters is 32"]),
        ["an item is past the end of the region"] = (
            s => s.WriteMetadataEntry(0, VhdxSketch.FileParameters, (1 << 20) - 4, 8, 4), ["Offset of the metadata item File Parameters is 1048572", "1048576"]),
        ["an item wraps"] = (s => s.WriteMetadataEntry(0, VhdxSketch.FileParameters, uint.MaxValue - 3, 8, 4), ["is 4294967292"]),
        ["an item is too short"] = (s => s.WriteMetadataEntry(1, VhdxSketch.VirtualDiskSize, 65536, 7, 6), ["Length of the metadata item Virtual Disk Size is 7", "8 to"]),
        ["an item is too long"] = (s => s.WriteMetadataEntry(1, VhdxSketch.VirtualDiskSize, 65536, (1 << 20) + 1, 6), ["is 1048577"]),
        ["the block size is not a power of two"] = (s => s.Write32(s.ItemOffset(0), 3 << 20), ["BlockSize is 3145728", "1 MiB (1048576) to 256 MiB"]),
        ["the block size is too small"] = (s => s.Write32(s.ItemOffset(0), 1 << 19), ["BlockSize is 524288"]),
        ["the block size is too large"] = (s => s.Write32(s.ItemOffset(0), 1u << 29), ["BlockSize is 536870912"]),
        ["the sector size is not allowed"] = (s => s.Write32(s.ItemOffset(2), 520), ["LogicalSectorSize is 520", "512 or 4096"]),
        ["the disk has half a sector"] = (s => s.Write64(s.ItemOffset(1), 513), ["VirtualDiskSize is 513", "multiple of 512"]),
        ["the disk has half a large sector"] = (
            s =>
            {
                s.Write32(s.ItemOffset(2), 4096);
                s.Write64(s.ItemOffset(1), 512);
            },
            ["VirtualDiskSize is 512", "multiple of 4096"]),
        ["the disk is too large"] = (s => s.Write64(s.ItemOffset(1), (64UL << 40) + 512), ["VirtualDiskSize is 70368744178176", "64 TiB"]),
        ["the disk is far too large"] = (s => s.Write64(s.ItemOffset(1), 1UL << 63), ["VirtualDiskSize is 9223372036854775808"]),
        ["there is no parent locator"] = (s => s.Write32(s.ItemOffset(0) + 4, 2), ["Parent Locator is 0"]),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void The_error_names_file_field_value_and_allowed_values_if(string what)
    {
        (Action<VhdxSketch> damage, string[] says) = DamagedFiles[what];
        VhdxSketch sketch = new(10 << 20);
        damage(sketch);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(sketch));

        Assert.Equal(("memory.vhdx", "VHDX"), (error.Path, error.Format));
        Assert.All(["memory.vhdx", "VHDX", .. says], part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.Contains(error.Field, error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_required_items_are_refused_by_name()
    {
        (Action<VhdxSketch> Damage, string Says)[] unsupported =
        [
            (s => s.WriteHeader(VhdxSketch.SecondHeader, 3, version: 2), "version 2 of the format"),
            (s =>
            {
                s.LogGuid = Unknown;
                s.WriteHeader(VhdxSketch.SecondHeader, 3, logVersion: 1);
            }, "a log of version 1"),
            (s => s.WriteRegionTables(
                (VhdxSketch.BatRegion, s.BatOffset, MiB, 1), (VhdxSketch.MetadataRegion, s.MetadataOffset, MiB, 1), (Unknown, s.Append(MiB), MiB, 1)),
            $"the required region {Unknown}"),
            (s =>
            {
                s.Storage.Write(s.MetadataOffset + 10, [6]);
                s.WriteMetadataEntry(5, Unknown, 0, 0, 4);
            }, $"the required metadata item {Unknown}"),
            (s =>
            {
                byte[] locator = VhdxSketch.LocatorOf(Locator, Unknown);
                s.Storage.Write(s.MetadataOffset + 10, [6]);
                s.WriteMetadataEntry(5, VhdxSketch.ParentLocator, 80000, (uint)locator.Length, 4);
                s.Storage.Write(s.MetadataOffset + 80000, locator);
                s.Write32(s.ItemOffset(0) + 4, 2);
            }, $"a parent locator of the type {Unknown}"),
        ];
        foreach ((Action<VhdxSketch> damage, string says) in unsupported)
        {
            VhdxSketch sketch = new(10 << 20);
            damage(sketch);
            QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => Open(sketch));
            Assert.Equal("VHDX", error.Format);
            Assert.Contains(says, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Unknown_optional_items_are_ignored()
    {
        VhdxSketch sketch = new(10 << 20);
        sketch.WriteHeader(VhdxSketch.SecondHeader, 3, logVersion: 7); // there is no log to replay
        sketch.WriteRegionTables(
            (Unknown, sketch.Append(MiB), MiB, 0), (VhdxSketch.BatRegion, sketch.BatOffset, MiB, 1), (VhdxSketch.MetadataRegion, sketch.MetadataOffset, MiB, 1));
        sketch.Storage.Write(sketch.MetadataOffset + 10, [6]);
        sketch.WriteMetadataEntry(5, VhdxSketch.FileParameters, 65536, 4, 1); // a user item of that name

        Assert.Equal(10 << 20, Open(sketch).VirtualSize);
    }

    [Theory]
    [InlineData(VhdxSketch.FirstHeader)]
    [InlineData(VhdxSketch.SecondHeader)]
    [InlineData(VhdxSketch.FirstRegionTable)]
    [InlineData(VhdxSketch.SecondRegionTable)]
    public void One_intact_copy_of_two_is_enough(long damaged)
    {
        VhdxSketch sketch = new(10 << 20);
        sketch.Write32(damaged + 50, 0x12345678);

        Assert.Equal(10 << 20, Open(sketch).VirtualSize);
    }

    [Fact]
    public void It_reports_size_block_size_and_identity()
    {
        VhdxSketch sketch = new((10 << 20) + 4096, blockSize: 2 << 20, sectorSize: 4096);
        using VhdxLayer layer = Open(sketch);

        Assert.Equal(("VHDX", (10 << 20) + 4096, 2 << 20), (layer.FormatName, layer.VirtualSize, layer.AllocationUnit));
        Assert.Equal(sketch.DataWriteGuid, layer.ContentId);
        Assert.Null(layer.Backing);
        Assert.Same(layer.Storage, layer.File);
    }

    [Fact]
    public void It_is_not_changed_in_place()
    {
        using VhdxLayer layer = Open(new VhdxSketch(10 << 20));
        Assert.Throws<QedUnsupportedFormatException>(() => layer.RequireWritable(null, TestContext.Current.CancellationToken));
        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => layer.BeginWriting(null, TestContext.Current.CancellationToken));
        Assert.Equal(QedRemedy.ConvertDisk, error.Remedy);
        layer.EndWriting();
        IDisk disk = layer.ToDisk(backing: null);
        Assert.False(disk.CanWrite);
        Assert.Throws<InvalidOperationException>(() => disk.Write(0, [1]));
        Assert.Throws<InvalidOperationException>(() => disk.Zero(0, 1));
        Assert.Throws<InvalidOperationException>(disk.Flush);
        Assert.Throws<QedUnsupportedFormatException>(() => disk.SetLength(512));
    }

    [Fact]
    public void A_parent_is_looked_for_in_the_order_of_the_specification()
    {
        Dictionary<string, string> locator = new()
        {
            ["absolute_win32_path"] = @"\\?\d:\path2\sub3\parent.vhdx",
            ["parent_linkage"] = "{83ed0ec3-24c8-49a6-a959-5e4bf1288bfb}",
            ["relative_path"] = @"..\..\path2\sub3\parent.vhdx",
            ["volume_path"] = @"\\?\Volume{26A21BDA-A627-11D7-9931-806E6F6E6963}\path2\sub3\parent.vhdx",
        };
        BackingReference backing = Assert.NotNull(Open(new VhdxSketch(10 << 20, parent: locator)).Backing);

        Assert.Equal(OperatingSystem.IsWindows() ? locator["relative_path"] : "../../path2/sub3/parent.vhdx", backing.Name);
        Assert.Equal([locator["volume_path"], @"d:\path2\sub3\parent.vhdx"], backing.OtherNames);
        Assert.Equal((QedDiskFormat.Vhdx, false), (backing.Format, backing.IsRaw));
        Assert.Equal(new Guid("83ed0ec3-24c8-49a6-a959-5e4bf1288bfb"), backing.ContentId);
        Assert.Null(backing.OtherContentId);
    }

    [Fact]
    public void A_parent_can_have_a_second_identity()
    {
        Dictionary<string, string> locator = new(Locator) { ["parent_linkage2"] = "{11111111-24c8-49a6-a959-5e4bf1288bfb}" };
        Assert.Equal(new Guid("11111111-24c8-49a6-a959-5e4bf1288bfb"), Open(new VhdxSketch(10 << 20, parent: locator)).Backing!.Value.OtherContentId);
        locator["parent_linkage2"] = "{00000000-0000-0000-0000-000000000000}";
        Assert.Null(Open(new VhdxSketch(10 << 20, parent: locator)).Backing!.Value.OtherContentId);
    }

    [Theory]
    [InlineData("relative_path", "", "number of paths")]
    [InlineData("parent_linkage", "not a GUID", "parent_linkage is 'not a GUID'")]
    [InlineData("parent_linkage", null, "parent_linkage is missing")]
    public void A_parent_locator_must_name_one_parent(string key, string? value, string says)
    {
        Dictionary<string, string> locator = new(Locator);
        locator.Remove(key);
        if (value is not null)
        {
            locator.Add(key, value);
        }

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(new VhdxSketch(10 << 20, parent: locator)));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(18, 100, "KeyValueCount is 100")]
    [InlineData(20, 60000, "KeyOffset of the parent locator is 60000")]
    [InlineData(24, 60000, "ValueOffset of the parent locator is 60000")]
    [InlineData(28, 60000, "KeyOffset of the parent locator is")]
    public void A_parent_locator_must_be_inside_its_item(int at, ushort value, string says)
    {
        VhdxSketch sketch = new(10 << 20, parent: Locator);
        sketch.Storage.Write(sketch.ItemOffset(3) + at, BitConverter.GetBytes(value));

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(sketch));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static VhdxLayer Open(VhdxSketch sketch) => VhdxLayer.Open(new ReadOnlyStorage(sketch.Storage));
}
