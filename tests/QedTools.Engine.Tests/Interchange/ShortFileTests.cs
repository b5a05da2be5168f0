using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Interchange.Vhd;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>A read that the file cannot fill is an error: only ranges that the format defines as zeroes read as zeroes.</summary>
public sealed class ShortFileTests : IDisposable
{
    private const int DiskSize = (6 << 20) + 512;

    private readonly TempFolder _folder = new();
    private readonly List<BackingChain> _chains = [];

    public static TheoryData<QedDiskFormat, bool> Kinds => new()
    {
        { QedDiskFormat.Raw, false },
        { QedDiskFormat.Vhd, false },
        { QedDiskFormat.Vhd, true },
        { QedDiskFormat.Vhdx, false },
        { QedDiskFormat.Vdi, false },
        { QedDiskFormat.Vdi, true },
        { QedDiskFormat.Vmdk, false },
        { QedDiskFormat.Qcow2, false },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_that_is_truncated_while_it_is_open_never_reads_as_zeroes(QedDiskFormat kind, bool isFixed)
    {
        (byte[] file, byte[] content) = Made(kind, isFixed);
        int step = Math.Max(1, file.Length / 97);
        MemoryStorage storage = new();
        storage.Write(0, file);
        for (int length = file.Length - 1; length >= 0; length -= step)
        {
            IDisk disk = DiskFormats.Of(kind).Open(storage).ToDisk(backing: null);

            storage.SetLength(length);

            Assert.True(AgreesOrFails(disk, content), $"cut to {length} of {file.Length} bytes");
            storage.Write(length, file.AsSpan(length));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_that_was_truncated_before_never_reads_as_zeroes(QedDiskFormat kind, bool isFixed)
    {
        (byte[] file, byte[] content) = Made(kind, isFixed);
        int step = Math.Max(1, file.Length / 97);
        MemoryStorage storage = new();
        storage.Write(0, file);
        for (int length = file.Length - 1; length >= 0; length -= step)
        {
            storage.SetLength(length);
            try
            {
                IDisk disk = DiskFormats.Of(kind).Open(storage).ToDisk(backing: null);
                Assert.True(
                    kind == QedDiskFormat.Raw ? disk.Length == length : AgreesOrFails(disk, content), $"cut to {length} of {file.Length} bytes");
            }
            catch (QedException)
            {
                // A file that cannot be opened does not read as zeroes either.
            }
        }
    }

    [Fact]
    public void A_raw_base_that_is_truncated_while_it_is_open_is_not_treated_as_a_shorter_base()
    {
        byte[] content = RawFiles.Scattered(_folder.PathOf("base.raw"), 1 << 20, seed: 1, pieces: 3);
        ImageCreation.Run(_folder.PathOf("over.qed"), new ImageCreationOptions { BackingFile = "base.raw", BackingFormat = QedBackingFormat.Raw }, TestContext.Current.CancellationToken);
        using BackingChain chain = BackingChain.OpenAll(_folder.PathOf("over.qed"), format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
        IDisk disk = chain.ToDisk();
        byte[] read = new byte[content.Length];
        disk.Read(0, read);
        Assert.Equal(content, read);

        using (FileStream file = File.Open(_folder.PathOf("base.raw"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1 << 19);
        }

        Assert.Throws<QedFileChangedException>(() => disk.Read(0, read));
        Assert.Throws<QedFileChangedException>(() => disk.ExtentAt((1 << 19) + 4096, 4096));
    }

    [Fact]
    public void A_parent_that_is_shorter_than_its_child_is_a_broken_chain_in_VHD()
    {
        string child = _folder.PathOf("child.vhd");
        Save(VhdFiles.Differencing(child, "parent.vhd"), child);
        byte[] footer = VhdFiles.Footer(VhdFiles.BlockSize, type: 2);
        VhdFiles.ParentId.ToByteArray().CopyTo(footer, 68);
        VhdFiles.Seal(footer, 64);
        File.WriteAllBytes(_folder.PathOf("parent.vhd"), [.. new byte[VhdFiles.BlockSize], .. footer]);

        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(() => Open(child));

        Assert.Contains($"has {VhdFiles.BlockSize} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void A_parent_that_is_shorter_than_its_child_is_a_broken_chain_in_VMDK_but_not_in_qcow2()
    {
        foreach (string format in new[] { "vmdk", "qcow2" })
        {
            string child = _folder.PathOf("child." + format);
            Qemu.Img("create", "-f", format, _folder.PathOf("base." + format), "2M");
            Qemu.Img("create", "-f", format, "-b", "base." + format, "-F", format, child);
            using (FileStream file = File.Open(_folder.PathOf("base." + format), FileMode.Open))
            {
                // The parent's size becomes 1 MiB: VMDK's capacity in sectors, or qcow2's size in bytes, which is big-endian.
                file.Position = format == "vmdk" ? 12 : 24;
                file.Write(format == "vmdk" ? [0, 8, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0x10, 0, 0]);
            }

            if (format == "vmdk")
            {
                Assert.Contains("has 1048576 bytes", Assert.Throws<QedBackingFileRefusedException>(() => Open(child)).Message, StringComparison.Ordinal);
            }
            else
            {
                Open(child);
            }
        }
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void Files_that_qemu_img_creates_are_read_wherever_their_last_cluster_ends()
    {
        (string Format, string Options, string Extension)[] kinds =
        [
            ("qcow2", "cluster_size=512", ".qcow2"),
            ("qcow2", "cluster_size=2M", ".qcow2"),
            ("qcow2", "preallocation=metadata", ".qcow2"),
            ("qcow2", "preallocation=falloc", ".qcow2"),
            ("vpc", "force_size=on", ".vhd"),
            ("vdi", "static=on", ".vdi"),
            ("vhdx", "block_size=1M", ".vhdx"),
            ("vhdx", "subformat=fixed", ".vhdx"),
            ("vmdk", "subformat=monolithicSparse", ".vmdk"),
            ("vmdk", "subformat=monolithicFlat", ".vmdk"),
            ("vmdk", "subformat=twoGbMaxExtentFlat", ".vmdk"),
            ("vmdk", "subformat=twoGbMaxExtentSparse", ".vmdk"),
        ];
        foreach ((string format, string options, string extension) in kinds)
        {
            foreach (int size in new[] { 512, (1 << 20) + 1536 })
            {
                string file = _folder.PathOf($"{format}-{options.Split('=')[^1]}-{size}{extension}");
                Qemu.Img("create", "-f", format, "-o", options, file, $"{size}");
                Qemu.Io(file, format, $"write -P 7 {size - 512} 512");
                IDisk disk = Open(file).ToDisk();
                byte[] expected = new byte[disk.Length];
                expected.AsSpan(size - 512, 512).Fill(7);

                Assert.True(AgreesOrFails(disk, expected, mayFail: false), file);
            }
        }
    }

    public void Dispose()
    {
        foreach (BackingChain chain in _chains)
        {
            chain.Dispose();
        }

        _folder.Dispose();
    }

    private BackingChain Open(string path)
    {
        BackingChain chain = BackingChain.OpenAll(path, format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
        _chains.Add(chain);
        return chain;
    }

    // Full to the last byte, so that zeroes are wrong anywhere.
    private static (byte[] File, byte[] Content) Made(QedDiskFormat kind, bool isFixed)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        MemoryStorage storage = new();
        IDiskLayer layer = format.Resolve("a" + format.Extensions[0], new DiskRequest(DiskSize) { IsFixed = isFixed }).Create(storage);
        byte[] content = [.. Enumerable.Range(0, DiskSize).Select(i => (byte)(1 + (i % 251)))];
        layer.ToDisk(backing: null).Write(0, content);
        layer.EndWriting();
        byte[] file = new byte[storage.Length];
        storage.Read(0, file);
        return (file, content);
    }

    // Walks over the disk as a copy does: ranges that the extents call zero are not read.
    private static bool AgreesOrFails(IDisk disk, byte[] content, bool mayFail = true)
    {
        byte[] read = new byte[64 << 10];
        for (long at = 0; at < disk.Length;)
        {
            long step = Math.Min(read.Length, disk.Length - at);
            ReadOnlySpan<byte> expected = content.AsSpan((int)at, (int)step);
            try
            {
                disk.Read(at, read.AsSpan(0, (int)step));
                if (!expected.SequenceEqual(read.AsSpan(0, (int)step)))
                {
                    return false;
                }
            }
            catch (QedException) when (mayFail)
            {
            }

            try
            {
                DiskExtent extent = disk.ExtentAt(at, step);
                if (extent.State != QedExtentState.Data && expected[..(int)extent.Length].IndexOfAnyExcept((byte)0) >= 0)
                {
                    return false;
                }
            }
            catch (QedException) when (mayFail)
            {
            }

            at += step;
        }

        return true;
    }

    private static void Save(MemoryStorage storage, string path)
    {
        byte[] bytes = new byte[storage.Length];
        storage.Read(0, bytes);
        File.WriteAllBytes(path, bytes);
    }
}
