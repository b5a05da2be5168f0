using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vhd;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhd;

public sealed class VhdLayerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    public void A_block_of_a_dynamic_disk_is_read_completely_whatever_its_bitmap_says(byte bits)
    {
        // QEMU reads it this way, and otherwise a file whose creator left the bitmap empty would lose its data.
        MemoryStorage storage = new();
        byte[] footer = VhdFiles.Footer(VhdFiles.BlockSize, type: 3);
        byte[] data = new byte[VhdFiles.BlockSize];
        new Random(1).NextBytes(data);
        byte[] bitmap = new byte[512];
        bitmap.AsSpan().Fill(bits);
        storage.Write(0, footer);
        storage.Write(512, VhdFiles.Header(entries: 1));
        storage.Write(VhdFiles.TableAt, [0, 0, 0, VhdFiles.FirstBlockAt / 512]);
        storage.Write(VhdFiles.FirstBlockAt, bitmap);
        storage.Write(VhdFiles.FirstBlockAt + 512, data);
        storage.Write(VhdFiles.FirstBlockAt + 512 + VhdFiles.BlockSize, footer);
        byte[] read = new byte[data.Length];

        VhdFiles.Open(storage).ToDisk(backing: null).Read(0, read);

        Assert.Equal(data, read);
    }

    [Fact]
    public void A_footer_may_have_511_bytes_as_before_Virtual_PC_2004()
    {
        MemoryStorage storage = new();
        storage.Write(0, [1, 2, 3]);
        storage.Write(4096, VhdFiles.Footer(4096, type: 2).AsSpan(0, 511));
        byte[] read = new byte[3];

        IDiskLayer layer = VhdFiles.Open(storage);
        layer.ToDisk(backing: null).Read(0, read);

        Assert.True(new VhdFormat().Recognizes(storage));
        Assert.Equal(4096, layer.VirtualSize);
        Assert.Equal(new byte[] { 1, 2, 3 }, read);
    }

    [Fact]
    public void A_differencing_disk_shows_its_own_sectors_and_those_of_its_parent()
    {
        IDiskLayer layer = VhdFiles.Open(VhdFiles.Differencing("over.vhd", ".\\parent.vhd"));
        MemoryStorage below = new("parent.raw");
        byte[] parent = new byte[2 * VhdFiles.BlockSize];
        parent.AsSpan().Fill(0xee);
        below.Write(0, parent);
        IDisk disk = layer.ToDisk(new QedTools.Interchange.Raw.RawDisk(below));

        byte[] expected = [.. parent];
        foreach (int sector in new[] { 0, 9, 10, 11 })
        {
            expected.AsSpan(sector * 512, 512).Fill((byte)(sector + 1));
        }

        byte[] read = new byte[expected.Length];
        disk.Read(0, read);
        Assert.Equal(expected, read);
        Assert.Equal(
            [
                (0L, 512L, QedExtentState.Data, 0),
                (512L, 4096L, QedExtentState.Data, 1),
                (4608L, 1536L, QedExtentState.Data, 0),
                (6144L, (2L * VhdFiles.BlockSize) - 6144, QedExtentState.Data, 1),
            ],
            ExtentWalk.Over(disk, 0, disk.Length, TestContext.Current.CancellationToken)
                .Select(extent => (extent.Start, extent.Length, extent.State, extent.Depth)));
    }

    [Fact]
    public void A_differencing_disk_names_its_parent_in_every_way_it_knows()
    {
        BackingReference backing = VhdFiles.Open(VhdFiles.Differencing("over.vhd", "..\\base\\parent.vhd")).Backing!.Value;
        Assert.Equal(Path.Combine("..", "base", "parent.vhd"), backing.Name);
        Assert.Equal(["parent.vhd"], backing.OtherNames);
        Assert.Equal((VhdFiles.ParentId, QedDiskFormat.Vhd, false), (backing.ContentId, backing.Format, backing.IsRaw));
    }

    [Fact]
    public void A_parent_is_found_by_its_file_name_alone_and_refused_if_it_is_a_different_disk()
    {
        string over = Save(VhdFiles.Differencing("over.vhd", "..\\moved\\parent.vhd"));
        byte[] content = RawFiles.Scattered(_folder.PathOf("p.raw"), 2 * VhdFiles.BlockSize, seed: 1, pieces: 4);
        DiskConversion.Run(_folder.PathOf("p.raw"), _folder.PathOf("parent.vhd"), new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken);

        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(() => ReadAll(over));
        Assert.Contains(VhdFiles.ParentId.ToString(), error.Message, StringComparison.Ordinal);

        GiveId(_folder.PathOf("parent.vhd"), VhdFiles.ParentId);
        byte[] read = ReadAll(over);
        Assert.Equal(content.AsSpan(512, 4096).ToArray(), read.AsSpan(512, 4096).ToArray());
        Assert.All(read.Take(512), value => Assert.Equal(1, value));
    }

    [Fact]
    public void The_copy_of_the_footer_is_used_if_the_footer_is_lost()
    {
        RawFiles.Scattered(_folder.PathOf("a.raw"), 100_352, seed: 2, pieces: 4);
        string file = _folder.PathOf("a.vhd");
        DiskConversion.Run(_folder.PathOf("a.raw"), file, new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken);
        byte[] bytes = File.ReadAllBytes(file);
        Assert.Equal(bytes.AsSpan(0, 512).ToArray(), bytes.AsSpan(bytes.Length - 512).ToArray());
        byte[] whole = ReadAll(file);
        bytes.AsSpan(bytes.Length - 512).Clear();
        File.WriteAllBytes(file, bytes);
        Assert.Equal(whole, ReadAll(file));
    }

    [Theory]
    [InlineData(12, 0x00020000u, "File Format Version")]
    [InlineData(60, 5u, "Disk Type")]
    [InlineData(52, 1u, "Current Size")]
    public void A_footer_field_that_is_wrong_is_named(int offset, uint value, string field)
    {
        MemoryStorage storage = VhdFiles.Differencing("over.vhd", "x");
        byte[] footer = new byte[512];
        storage.Read(0, footer);
        BinaryPrimitives.WriteUInt32BigEndian(footer.AsSpan(offset), value);
        VhdFiles.Seal(footer, 64);
        storage.Write(0, footer);
        storage.Write(storage.Length - 512, footer);
        Assert.Equal(field, Assert.Throws<QedDamagedFileException>(() => VhdFiles.Open(storage)).Field);
    }

    [Theory]
    [InlineData(24, 0x00020000u, "Header Version")]
    [InlineData(28, 1u, "Max Table Entries")]
    [InlineData(32, 3000u, "Block Size")]
    [InlineData(16, 0x7fffffffu, "Table Offset")]
    [InlineData(20, 0x7fffffffu, "Table Offset")]
    public void A_header_field_that_is_wrong_is_named(int offset, uint value, string field)
    {
        MemoryStorage storage = VhdFiles.Differencing("over.vhd", "x");
        byte[] header = new byte[1024];
        storage.Read(512, header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(offset), value);
        VhdFiles.Seal(header, 36);
        storage.Write(512, header);
        Assert.Equal(field, Assert.Throws<QedDamagedFileException>(() => VhdFiles.Open(storage)).Field);
    }

    [Fact]
    public void An_entry_that_points_outside_the_file_is_named()
    {
        MemoryStorage storage = VhdFiles.Differencing("over.vhd", "x");
        storage.Write(VhdFiles.TableAt + 4, [0, 0, 1, 0]);
        IDisk disk = VhdFiles.Open(storage).ToDisk(backing: null);
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => disk.Read(VhdFiles.BlockSize, new byte[512]));
        Assert.Contains("entry 1 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_above_the_limit_is_refused_with_the_name_of_a_format_that_can_hold_it()
    {
        VhdFormat format = new();
        Assert.Equal(2040L << 30, format.Resolve("a.vhd", new DiskRequest(2040L << 30)).VirtualSize);
        QedLimitException error = Assert.Throws<QedLimitException>(() => format.Resolve("a.vhd", new DiskRequest((2040L << 30) + 1)));
        Assert.Contains("VHDX", error.Message, StringComparison.Ordinal);
        Assert.Throws<QedLimitException>(() => format.Resolve("a.vhd", new DiskRequest(1 << 20) { BlockSize = 1 << 20 }));
        Assert.Throws<QedRequestException>(() => format.Resolve("a.vhd", new DiskRequest(1 << 20) { BlockSize = 2 << 20, IsFixed = true }));
        Assert.Throws<QedRequestException>(() => format.Resolve("a.vhd", new DiskRequest(1 << 20) { ClusterSize = 65536 }));
    }

    [Fact]
    public void A_mutated_file_opens_or_fails_with_an_engine_error()
    {
        int opened = 0;
        const int Rounds = 4000;
        Seeded.Run(5_000_000, Rounds, random =>
        {
            MemoryStorage storage = VhdFiles.Differencing("over.vhd", ".\\parent.vhd");
            byte[] footer = new byte[512];
            byte[] header = new byte[1024];
            storage.Read(0, footer);
            storage.Read(512, header);
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                (byte[] target, int at) = random.Next(3) == 0 ? (footer, random.Pick(8, 12, 16, 20, 48, 52, 60)) : (header, random.Pick(16, 20, 24, 28, 32, 580, 584, 592, 596));
                uint value = BinaryPrimitives.ReadUInt32BigEndian(target.AsSpan(at));
                BinaryPrimitives.WriteUInt32BigEndian(
                    target.AsSpan(at), random.Pick(value, value + 1, value - 1, value ^ (1u << random.Next(32)), 0u, uint.MaxValue, (uint)random.Next()));
            }

            VhdFiles.Seal(footer, 64);
            VhdFiles.Seal(header, 36);
            storage.Write(0, footer);
            storage.Write(512, header);
            if (random.Next(4) == 0)
            {
                byte[] entry = new byte[4];
                random.NextBytes(entry);
                storage.Write(VhdFiles.TableAt + (random.Next(2) * 4), entry);
            }

            storage.SetLength(random.Next(4) == 0 ? random.NextInt64(storage.Length) : storage.Length);
            if (storage.Length >= 512 && random.Next(4) != 0)
            {
                storage.Write(storage.Length - 512, footer);
            }

            opened += HostileFile.Survives(new VhdFormat(), storage) ? 1 : 0;
        });
        Assert.True(opened > Rounds / 20, $"Only {opened} of {Rounds} files opened: the mutations are too coarse to test anything");
    }

    public void Dispose() => _folder.Dispose();

    private string Save(MemoryStorage storage)
    {
        byte[] bytes = new byte[storage.Length];
        storage.Read(0, bytes);
        string path = _folder.PathOf(storage.Path);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] ReadAll(string path)
    {
        using BackingChain chain = BackingChain.OpenAll(path, format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
        return DiskBytes.Of(chain.ToDisk());
    }

    private static void GiveId(string path, Guid id)
    {
        byte[] bytes = File.ReadAllBytes(path);
        foreach (int at in new[] { 0, bytes.Length - 512 })
        {
            byte[] footer = bytes.AsSpan(at, 512).ToArray();
            id.ToByteArray().CopyTo(footer, 68);
            VhdFiles.Seal(footer, 64);
            footer.CopyTo(bytes, at);
        }

        File.WriteAllBytes(path, bytes);
    }
}
