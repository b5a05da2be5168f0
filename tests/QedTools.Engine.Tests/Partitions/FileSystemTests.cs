using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Partitions;
using QedTools.Partitions.FileSystems;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Partitions;

/// <summary>What a file system is, and what it says about itself, is what blkid and the tools of the file system say.</summary>
public sealed class FileSystemTests
{
    public static TheoryData<string> Files => [.. PartitionFixtures.Rows("filesystems.tsv").Select(row => row["file"])];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_system_is_what_blkid_says(string file)
    {
        Dictionary<string, string> row = PartitionFixtures.Rows("filesystems.tsv").Single(one => one["file"] == file);
        CountedDisk disk = PartitionFixtures.DiskOf(PartitionFixtures.Open(file, PartitionFixtures.NumberOf(row["size"])!.Value));
        FileSystemFacts? facts = FileSystemTable.Recognize(new PartitionReader(disk, 0, disk.Length));

        Assert.NotNull(facts);
        Assert.Equal(NameOf(row["type"], row["version"]), facts.Name);
        Assert.Equal(row["label"], facts.Label ?? string.Empty);
        Assert.Equal(row["id"], facts.Id ?? string.Empty);
        Assert.Equal(PartitionFixtures.NumberOf(row["used"]), facts.UsedBytes);
        Assert.InRange(disk.Reads, 1, 4);
    }

    [Fact]
    public void Every_file_system_that_is_named_has_a_fixture()
    {
        string[] found = [.. PartitionFixtures.Rows("filesystems.tsv").Select(row => NameOf(row["type"], row["version"])).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["FAT12", "FAT16", "FAT32", "ISO 9660", "LUKS", "LVM2", "NTFS", "ReFS", "XFS", "btrfs", "exFAT", "ext2", "ext3", "ext4", "swap"],
            found);
    }

    // A superblock without what makes it one is none: each byte that blkid's signature consists of.
    [Theory]
    [InlineData("ext4.img", 0x438)]
    [InlineData("xfs.img", 0)]
    [InlineData("btrfs.img", 65600)]
    [InlineData("ntfs.img", 3)]
    [InlineData("exfat.img", 3)]
    [InlineData("swap.img", 4086)]
    [InlineData("luks2.img", 0)]
    [InlineData("lvm2.img", 512)]
    [InlineData("lvm2.img", 600)]
    [InlineData("refs.img", 3)]
    [InlineData("iso.img", 32769)]
    public void Without_its_signature_it_is_none(string file, int at)
    {
        byte[] bytes = PartitionFixtures.Bytes(file);
        bytes[at] ^= 0x20;
        Assert.Null(Recognize(bytes));
    }

    // A label is what is stored; an identifier is printable, as that of LVM2.
    [Fact]
    public void Control_characters_stay_in_a_label_and_not_in_an_identifier()
    {
        byte[] bytes = PartitionFixtures.Bytes("luks2.img");
        "\u001b[31mred\0"u8.CopyTo(bytes.AsSpan(24));
        "\u001b]0;x\u0007\u00e9\0"u8.CopyTo(bytes.AsSpan(168));
        FileSystemFacts facts = Recognize(bytes)!;
        Assert.Equal(("\u001b[31mred", "?]0;x??"), (facts.Label, facts.Id));
    }

    [Fact]
    public void Nothing_is_recognized_in_zeroes_and_in_text()
    {
        Assert.Null(Recognize(new byte[1 << 20]));
        Assert.Null(Recognize([.. Enumerable.Repeat((byte)'a', 1 << 20)]));
        Assert.Null(Recognize([]));
        Assert.Null(Recognize(new byte[511]));
    }

    [Theory]
    [InlineData("mke2fs", "ext4", "-q", "-t", "ext4", "-O", "64bit,bigalloc", "-L", "big")]
    [InlineData("mke2fs", "ext4", "-q", "-t", "ext4", "-b", "4096", "-I", "128")]
    [InlineData("mke2fs", "ext3", "-q", "-t", "ext3", "-b", "2048")]
    [InlineData("mke2fs", "ext2", "-q", "-t", "ext2", "-r", "0")]
    [InlineData("mkfs.vfat", "FAT32", "-F", "32", "-s", "8", "-n", "A LABEL")]
    [InlineData("mkfs.vfat", "FAT16", "-s", "16")]
    [InlineData("mkswap", "swap", "-q", "-L", "page")]
    [InlineData("mkntfs", "NTFS", "-q", "-F", "-f", "-c", "65536", "-L", "a label of thirty-two characters")]
    [InlineData("mkfs.exfat", "exFAT", "-c", "64K", "-L", "labelled")]
    [InlineData("mkfs.xfs", "XFS", "-q", "-m", "crc=0", "-L", "old")]
    public void A_new_file_system_is_what_blkid_says(string program, string name, params string[] arguments)
    {
        Assert.SkipUnless(Qemu.IsOnPath(program) && Qemu.IsOnPath("blkid"), $"{program} and blkid are not installed");
        using TempFolder folder = new();
        string path = folder.PathOf("new.img");
        using (FileStream file = File.Create(path))
        {
            file.SetLength(320 << 20);
        }

        (int code, string output, string errors) = Qemu.Run(program, [.. arguments, path]);
        Assert.SkipUnless(code == 0, $"{program} of this machine cannot do that: {output} {errors}");
        QedPartition found = Assert.Single(DiskPartitioning.Run(path, new()));

        Assert.Equal(name, found.FileSystem);
        Assert.Equal(QedPartition.WholeDisk, found.Number);
        Assert.Equal(Blkid(path, "LABEL"), found.Label ?? string.Empty);
        Assert.Equal(Blkid(path, "UUID"), found.FileSystemId ?? string.Empty);
        Assert.Equal(NameOf(Blkid(path, "TYPE"), Blkid(path, "VERSION")), found.FileSystem);
    }

    private static string Blkid(string path, string tag) => Qemu.Run("blkid", "-p", "-o", "value", "-s", tag, path).Output.TrimEnd('\n');

    private static FileSystemFacts? Recognize(byte[] bytes)
    {
        CountedDisk disk = PartitionFixtures.DiskOf(MemoryStorage.Of("memory.raw", bytes));
        return FileSystemTable.Recognize(new PartitionReader(disk, 0, 1 << 20));
    }

    private static string NameOf(string type, string version) => type switch
    {
        "vfat" => version,
        "xfs" => "XFS",
        "ntfs" => "NTFS",
        "exfat" => "exFAT",
        "crypto_LUKS" => "LUKS",
        "LVM2_member" => "LVM2",
        "iso9660" => "ISO 9660",
        _ => type,
    };
}
