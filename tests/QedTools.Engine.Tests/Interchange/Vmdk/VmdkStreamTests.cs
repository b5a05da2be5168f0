using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vmdk;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>Compressed VMDK files (streamOptimized), as VMware's tools write them in one pass and as qemu-img does.</summary>
public sealed class VmdkStreamTests : IDisposable
{
    private const int Grain = 64 << 10;

    private readonly TempFolder _folder = new();

    public static TheoryData<int, bool, uint, int, int> Shapes
    {
        get
        {
            TheoryData<int, bool, uint, int, int> shapes = [];
            foreach (int size in new[] { 512, Grain, Grain + 512, (5 * Grain) - 512, (21 * Grain) + 1536 })
            {
                shapes.Add(size, true, 3, 128, 512);
                shapes.Add(size, false, 1, 128, 512);
                shapes.Add(size, true, 2, 8, 4);
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Files_written_in_one_pass_are_read(int size, bool hasFooter, uint version, int grainSectors, int perTable)
    {
        int grain = grainSectors * 512;
        Func<int, bool> isThere = i => i % 3 != 1 && i / perTable != 1;
        byte[] contents = Contents(size, grain, isThere);
        VmdkSketch sketch = VmdkSketch.Stream(contents, isThere, grainSectors, perTable, version, hasFooter);
        string path = Write(sketch.Bytes);

        Assert.Equal(contents, ReadAll(path));
        using BackingChain chain = Open(path);
        IDisk disk = chain.ToDisk();
        for (int from = 0; from < size; from += 7777)
        {
            byte[] part = new byte[Math.Min(size - from, 9000)];
            disk.Read(from, part);
            Assert.Equal(contents[from..(from + part.Length)], part);
        }

        foreach (DiskExtent extent in ExtentWalk.Over(disk, 0, size, TestContext.Current.CancellationToken))
        {
            bool isData = extent.State == QedExtentState.Data;
            Assert.Equal(isData ? DiskExtent.Packed : 0, extent.FileOffset);
            Assert.Equal(isData ? QedExtentState.Data : QedExtentState.Unallocated, extent.State);
            Assert.Equal(0, extent.Start % grain);
            Assert.All(Enumerable.Range((int)extent.Start / grain, (int)((extent.Length + grain - 1) / grain)), i => Assert.Equal(isThere(i), isData));
        }

        if (Qemu.IsInstalled)
        {
            // QEMU checks the file that the test itself wrote.
            Qemu.Img("convert", "-f", "vmdk", "-O", "raw", path, _folder.PathOf("theirs.raw"));
            Assert.Equal(contents, File.ReadAllBytes(_folder.PathOf("theirs.raw")));
        }
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [InlineData(512, "subformat=streamOptimized")]
    [InlineData(Grain, "subformat=streamOptimized")]
    [InlineData((5 << 20) + 1536, "subformat=streamOptimized")]
    [InlineData((5 << 20) + 512, "subformat=streamOptimized,zeroed_grain=on")]
    [InlineData(40 << 20, "subformat=streamOptimized,compat6=on")]
    public void Files_compressed_by_qemu_img_are_read(int size, string options)
    {
        byte[] contents = RawFiles.Scattered(_folder.PathOf("a.raw"), size, seed: 3, pieces: 1 + (size / 400_000));
        string path = _folder.PathOf("s.vmdk");
        Qemu.Img("convert", "-f", "raw", "-O", "vmdk", "-o", options, _folder.PathOf("a.raw"), path);

        Assert.Equal(contents, ReadAll(path));
        DiskConversion.Run(path, _folder.PathOf("b.raw"), new DiskConversionOptions { Verify = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(contents, File.ReadAllBytes(_folder.PathOf("b.raw")));
    }

    [Fact]
    public void Grains_of_any_data_are_decompressed_whatever_the_compression_level()
    {
        byte[] contents = new byte[6 * Grain];
        new Random(1).NextBytes(contents.AsSpan(0, 2 * Grain));
        contents.AsSpan(2 * Grain, Grain).Fill(7);
        foreach (CompressionLevel level in new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize })
        {
            Assert.Equal(contents, ReadAll(Write(VmdkSketch.Stream(contents, _ => true, level: level).Bytes)));
        }
    }

    [Fact]
    public void A_compressed_overlay_shows_its_parent_where_it_stores_nothing()
    {
        byte[] below = RawFiles.Scattered(_folder.PathOf("base-flat.vmdk"), 8 * Grain, seed: 5, pieces: 20);
        File.WriteAllText(_folder.PathOf("base.vmdk"), VmdkSketch.Text("monolithicFlat", $"RW {8 * 128} FLAT \"base-flat.vmdk\" 0", cid: "00000005"));
        byte[] contents = Contents(8 * Grain, Grain, i => i % 2 == 0);
        string text = VmdkSketch.Text("streamOptimized", $"RW {8 * 128} SPARSE \"disk.vmdk\"", parentCid: "00000005", parent: "base.vmdk");
        byte[] expected = [.. Enumerable.Range(0, 8).SelectMany(i => (i % 2 == 0 ? contents : below)[(i * Grain)..((i + 1) * Grain)])];

        Assert.Equal(expected, ReadAll(Write(VmdkSketch.Stream(contents, i => i % 2 == 0, descriptor: text).Bytes)));
    }

    [Fact]
    public void An_entry_of_1_is_a_grain_of_zeroes_if_the_flags_say_so()
    {
        byte[] contents = Contents(4 * Grain, Grain, _ => true);
        VmdkSketch sketch = VmdkSketch.Stream(contents, _ => true);
        byte[] bytes = sketch.Bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)sketch.Entries[2]), 1);
        Assert.Contains("grain 2", Assert.Throws<QedDamagedFileException>(() => ReadAll(Write(bytes))).Field, StringComparison.Ordinal);

        bytes[8] |= 4;
        bytes[^(1024 - 8)] |= 4;
        contents.AsSpan(2 * Grain, Grain).Clear();

        Assert.Equal(contents, ReadAll(Write(bytes)));
        using BackingChain chain = Open(_folder.PathOf("disk.vmdk"));
        Assert.Equal(QedExtentState.Zero, chain.ToDisk().ExtentAt(2 * Grain, 2 * Grain).State);
        Assert.Equal(Grain, chain.ToDisk().ExtentAt(2 * Grain, 2 * Grain).Length);
    }

    [Theory]
    [InlineData("LBA", "LBA in the marker of grain 3")]
    [InlineData("LBA of another grain", "LBA in the marker of grain 3")]
    [InlineData("no size", "size in the marker of grain 3")]
    [InlineData("small size", "compressed grain 3")]
    [InlineData("large size", "size in the marker of grain 3")]
    [InlineData("larger size", "compressed grain 3")]
    [InlineData("size past the end", "size in the marker of grain 3")]
    [InlineData("data", "compressed grain 3")]
    [InlineData("checksum", "compressed grain 3")]
    [InlineData("zlib header", "compressed grain 3")]
    [InlineData("dictionary", "compressed grain 3")]
    [InlineData("less", "compressed grain 3")]
    [InlineData("more", "compressed grain 3")]
    [InlineData("entry past the end", "grain table entry of grain 3")]
    [InlineData("entry at the end", "grain table entry of grain 3")]
    [InlineData("table past the end", "entry 0 of the grain directory")]
    public void Damage_to_a_grain_is_reported_and_never_read_as_zeroes(string damage, string field)
    {
        byte[] contents = Contents(6 * Grain, Grain, _ => true);
        Func<int, byte[], byte[]>? pack = damage switch
        {
            "less" => (i, plain) => VmdkSketch.Zlib(i == 3 ? plain[..^1] : plain),
            "more" => (i, plain) => VmdkSketch.Zlib(i == 3 ? [.. plain, 0] : plain),
            _ => null,
        };
        VmdkSketch sketch = VmdkSketch.Stream(contents, _ => true, pack: pack);
        byte[] bytes = sketch.Bytes;
        int marker = (int)sketch.Grains[3];
        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(marker + 8));
        Span<byte> entry = bytes.AsSpan((int)sketch.Entries[3]);
        switch (damage)
        {
            case "LBA":
                bytes[marker + 7] = 1;
                break;
            case "LBA of another grain":
                bytes.AsSpan((int)sketch.Entries[4], 4).CopyTo(entry);
                break;
            case "no size":
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(marker + 8), 0);
                break;
            case "small size":
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(marker + 8), size - 1);
                break;
            case "larger size":
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(marker + 8), size + 1);
                break;
            case "large size":
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(marker + 8), (2 * Grain) + 1);
                break;
            case "size past the end":
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(marker + 8), uint.MaxValue);
                break;
            case "data":
                bytes[marker + 12 + (size / 2)] ^= 0x10;
                break;
            case "checksum":
                bytes[marker + 12 + size - 1] ^= 1;
                break;
            case "zlib header":
                bytes[marker + 12] ^= 1;
                break;
            case "dictionary":
                bytes[marker + 13] = 0xBB; // 0x78BB is a multiple of 31, as a zlib header must be
                break;
            case "entry past the end":
                BinaryPrimitives.WriteUInt32LittleEndian(entry, uint.MaxValue);
                break;
            case "entry at the end":
                BinaryPrimitives.WriteInt32LittleEndian(entry, bytes.Length / 512);
                break;
            case "table past the end":
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((int)sketch.Directory), (bytes.Length / 512) - 3);
                break;
        }

        string path = Write(bytes);
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => ReadAll(path));

        Assert.Contains(field, error.Field, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        if (!damage.StartsWith("table", StringComparison.Ordinal))
        {
            using BackingChain chain = Open(path);
            byte[] beside = new byte[3 * Grain];
            chain.ToDisk().Read(0, beside);
            Assert.Equal(contents[..(3 * Grain)], beside);
            byte[] part = new byte[100];
            Assert.Throws<QedDamagedFileException>(() => chain.ToDisk().Read((3 * Grain) + 100, part));
            Assert.Throws<QedDamagedFileException>(() => chain.ToDisk().Read((3 * Grain) + 200, part));
        }
    }

    [Theory]
    [InlineData("cut off", "footer")]
    [InlineData("of a wrong type", "footer")]
    [InlineData("without an end marker", "footer")]
    [InlineData("without magic", "footer")]
    [InlineData("of a different capacity", "footer")]
    [InlineData("of a different grain size", "footer")]
    [InlineData("of different flags", "footer")]
    [InlineData("that points to itself", "gdOffset")]
    [InlineData("that points past the end", "gdOffset")]
    [InlineData("alone", "footer")]
    public void An_invalid_footer_is_damage(string damage, string field)
    {
        byte[] bytes = VmdkSketch.Stream(Contents(6 * Grain, Grain, _ => true), _ => true).Bytes;
        int footer = bytes.Length - 1024;
        switch (damage)
        {
            case "cut off":
                bytes = bytes[..^512];
                break;
            case "of a wrong type":
                bytes[footer - 512 + 12] = 2;
                break;
            case "without an end marker":
                bytes[footer + 512 + 12] = 1;
                break;
            case "without magic":
                bytes[footer] = 0;
                break;
            case "of a different capacity":
                bytes[footer + 13]++;
                break;
            case "of a different grain size":
                bytes[footer + 20] = 64;
                break;
            case "of different flags":
                bytes[footer + 8] |= 4;
                break;
            case "that points to itself":
                bytes.AsSpan(footer + 56, 8).Fill(0xff);
                break;
            case "that points past the end":
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(footer + 56), bytes.Length / 512);
                break;
            default:
                bytes = [.. bytes[..(21 * 512)]];
                break;
        }

        Assert.Contains(field, Assert.Throws<QedDamagedFileException>(() => ReadAll(Write(bytes))).Field, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 1, "markers")]
    [InlineData(10, 2, "markers")]
    [InlineData(77, 2, "algorithm 2")]
    [InlineData(21, 16, "4096 sectors")]
    public void Files_that_no_program_writes_are_refused_by_name(int at, byte value, string named)
    {
        byte[] bytes = VmdkSketch.Stream(Contents(6 * Grain, Grain, _ => true), _ => true, hasFooter: false).Bytes;
        bytes[at] = value;
        if (at == 10 && value == 2)
        {
            bytes[77] = 0;
        }

        if (at == 21)
        {
            bytes[20] = 0;
        }

        Assert.Contains(named, Assert.Throws<QedUnsupportedFormatException>(() => ReadAll(Write(bytes))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_algorithm_that_the_flags_contradict_is_damage()
    {
        byte[] bytes = VmdkSketch.Stream(Contents(6 * Grain, Grain, _ => true), _ => true, hasFooter: false).Bytes;
        bytes[77] = 0;

        Assert.Equal("compressAlgorithm", Assert.Throws<QedDamagedFileException>(() => ReadAll(Write(bytes))).Field);
    }

    [Fact]
    public void Reading_in_small_steps_decompresses_each_grain_once()
    {
        byte[] contents = Contents(6 * Grain, Grain, _ => true);
        MemoryStorage storage = new("disk.vmdk");
        storage.Write(0, VmdkSketch.Stream(contents, _ => true).Bytes);
        MeteredStorage metered = new(storage);
        IDisk disk = new VmdkFormat().Open(metered).ToDisk(backing: null);
        byte[] read = new byte[contents.Length];
        disk.Read(0, read.AsSpan(0, 1));
        metered.Reset();

        for (int at = 0; at < read.Length; at += 512)
        {
            disk.Read(at, read.AsSpan(at, 512));
        }

        Assert.Equal(contents, read);
        Assert.Equal(2 * 5, metered.Reads); // the marker and the data of each grain but the first
    }

    [Fact]
    public void A_file_that_is_truncated_while_it_is_open_never_reads_as_zeroes()
    {
        byte[] contents = Contents((6 * Grain) + 512, Grain, _ => true);
        byte[] file = VmdkSketch.Stream(contents, _ => true).Bytes;
        for (int length = file.Length - 1; length > 70_000; length -= 997)
        {
            MemoryStorage storage = new("disk.vmdk");
            storage.Write(0, file);
            IDisk disk = new VmdkFormat().Open(storage).ToDisk(backing: null);
            disk.Read(0, new byte[512]);
            storage.SetLength(length);
            byte[] read = new byte[4096];
            for (int at = 0; at < contents.Length; at += 4096)
            {
                int count = Math.Min(4096, contents.Length - at);
                try
                {
                    disk.Read(at, read.AsSpan(0, count));
                    Assert.Equal(contents[at..(at + count)], read[..count]);
                }
                catch (QedFileChangedException)
                {
                }
            }
        }
    }

    [Fact]
    public void Many_threads_may_read_the_same_grains()
    {
        byte[] contents = Contents(9 * Grain, Grain, i => i != 4);
        string path = Write(VmdkSketch.Stream(contents, i => i != 4).Bytes);
        using BackingChain chain = Open(path);
        IDisk disk = chain.ToDisk();
        List<int> starts = [.. Enumerable.Range(0, 2000).Select(i => i * 7919 % (contents.Length - 5000))];

        System.Threading.Tasks.Parallel.ForEach(starts, start =>
        {
            byte[] part = new byte[5000];
            disk.Read(start, part);
            Assert.True(contents.AsSpan(start, part.Length).SequenceEqual(part));
        });
    }

    public void Dispose() => _folder.Dispose();

    internal static byte[] Contents(int size, int grain, Func<int, bool> isThere)
    {
        byte[] contents = new byte[size];
        for (int i = 0; i * grain < size; i++)
        {
            if (isThere(i))
            {
                Span<byte> part = contents.AsSpan(i * grain, Math.Min(grain, size - (i * grain)));
                new Random(i).NextBytes(part[(part.Length / 2)..]);
                part[0] = (byte)(i + 1);
            }
        }

        return contents;
    }

    private static BackingChain Open(string path) =>
        BackingChain.OpenAll(path, format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));

    private static byte[] ReadAll(string path)
    {
        using BackingChain chain = Open(path);
        return DiskBytes.Of(chain.ToDisk());
    }

    private string Write(byte[] bytes)
    {
        string path = _folder.PathOf("disk.vmdk");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
