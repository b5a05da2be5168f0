using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>VMDK disks with data in several files, flat and sparse, and the delta files of ESX servers.</summary>
public sealed class VmdkSplitTests : IDisposable
{
    private const int Grain = 64 << 10;

    private readonly TempFolder _folder = new();

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [InlineData("twoGbMaxExtentSparse", 512)]
    [InlineData("twoGbMaxExtentSparse", (5 << 20) + 1536)]
    [InlineData("twoGbMaxExtentFlat", (5 << 20) + 1536)]
    public void A_disk_that_qemu_img_splits_is_read(string subformat, int size)
    {
        byte[] contents = RawFiles.Scattered(_folder.PathOf("a.raw"), size, seed: 3, pieces: 9);
        Qemu.Img("convert", "-f", "raw", "-O", "vmdk", "-o", $"subformat={subformat}", _folder.PathOf("a.raw"), _folder.PathOf("disk.vmdk"));

        Assert.Equal(contents, ReadAll("disk.vmdk"));
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [InlineData("twoGbMaxExtentSparse")]
    [InlineData("twoGbMaxExtentFlat")]
    public void A_disk_of_several_extents_is_read_across_their_boundaries(string subformat)
    {
        const long End = 2L << 30;
        string path = _folder.PathOf("disk.vmdk");
        Qemu.Img("create", "-f", "vmdk", "-o", $"subformat={subformat}", path, "4100M");
        Qemu.Io(path, "vmdk", "write -P 1 0 64k", $"write -P 2 {End - 5000} 10000", $"write -P 3 {(2 * End) - 512} 1024", "write -P 4 4299096064 65536");
        Qemu.Img("convert", "-f", "vmdk", "-O", "raw", path, _folder.PathOf("theirs.raw"));

        Assert.True(DiskComparison.Run(
            path, _folder.PathOf("theirs.raw"), new DiskComparisonOptions { Strict = true }, cancellation: TestContext.Current.CancellationToken).AreEqual);
        using BackingChain chain = Open("disk.vmdk");
        IDisk disk = chain.ToDisk();
        byte[] read = new byte[20_000];
        disk.Read(End - 10_000, read);
        Assert.Equal((byte)0, read[4999]);
        Assert.All(read[5000..15_000], value => Assert.Equal(2, value));
        Assert.Equal((byte)0, read[15_000]);
        Assert.Equal(2, chain.ToDisk().ExtentAt(End, 1000).File);
        Assert.Equal(3, ((IMultiFileLayer)chain.Layers[0]).Files.Count);
    }

    [Fact]
    public void Flat_and_sparse_extents_and_zeroes_form_one_disk()
    {
        Func<int, bool> isThere = i => i % 2 == 0;
        byte[] sparse = VmdkStreamTests.Contents((5 * Grain) + 512, Grain, isThere);
        byte[] other = VmdkStreamTests.Contents(3 * 4096, 4096, i => i == 1);
        byte[] packed = VmdkStreamTests.Contents(2 * Grain, Grain, _ => true);
        byte[] flat = RawFiles.Scattered(_folder.PathOf("flat.bin"), 20 * 512, seed: 5, pieces: 3);
        Save("one.vmdk", VmdkSketch.Hosted(sparse, isThere));
        Save("two.vmdk", VmdkSketch.Hosted(other, i => i == 1, grainSectors: 8, perTable: 2));
        Save("three.vmdk", VmdkSketch.Stream(packed, _ => true, hasFooter: false)); // a footer would confuse QEMU, which looks for it in the descriptor
        File.WriteAllText(_folder.PathOf("disk.vmdk"), VmdkSketch.Text(
            "custom",
            $"RW {sparse.Length / 512} SPARSE \"one.vmdk\"\nRW 7 FLAT \"flat.bin\" 3\nRW 5 ZERO\nRDONLY 24 SPARSE \"two.vmdk\"\nRW {packed.Length / 512} SPARSE \"three.vmdk\"\nRW 2 VMFS \"flat.bin\""));
        byte[] expected = [.. sparse, .. flat[(3 * 512)..(10 * 512)], .. new byte[5 * 512], .. other, .. packed, .. flat[..1024]];

        Assert.Equal(expected, ReadAll("disk.vmdk"));
        AssertExtents("disk.vmdk", expected);

        // qemu-img supports neither ZERO nor RDONLY, and reads past the end of an extent that ends inside a grain.
        File.WriteAllText(_folder.PathOf("mixed.vmdk"), VmdkSketch.Text(
            "twoGbMaxExtentSparse",
            $"RW 7 FLAT \"flat.bin\" 3\nRW 24 SPARSE \"two.vmdk\"\nRW {packed.Length / 512} SPARSE \"three.vmdk\"\nRW {sparse.Length / 512} SPARSE \"one.vmdk\""));
        AssertQemuReads("mixed.vmdk", ReadAll("mixed.vmdk"));
    }

    [Theory]
    [InlineData("shorter", "capacity")]
    [InlineData("longer", "capacity")]
    [InlineData("twice", "an extent description")]
    [InlineData("twice under different names", "an extent description")]
    [InlineData("with an offset", "an extent description")]
    [InlineData("empty", "the header")]
    [InlineData("text", "the start of the file")]
    [InlineData("without capacity", "capacity")]
    [InlineData("the descriptor", "the start of the file")]
    [InlineData("without parentCID", "parentCID")]
    [InlineData("cut", "gdOffset")]
    public void An_extent_that_does_not_match_its_line_is_damage(string damage, string field)
    {
        byte[] contents = VmdkStreamTests.Contents(4 * Grain, Grain, _ => true);
        byte[] part = VmdkSketch.Hosted(contents, _ => true).Bytes;
        string lines = "RW 512 SPARSE \"s001.vmdk\"";
        switch (damage)
        {
            case "shorter":
                lines = "RW 513 SPARSE \"s001.vmdk\"";
                break;
            case "longer":
                lines = "RW 511 SPARSE \"s001.vmdk\"";
                break;
            case "twice":
                lines += "\n" + lines;
                break;
            case "twice under different names":
                lines += "\n" + lines.Replace("\"s", "\"./s", StringComparison.Ordinal);
                break;
            case "with an offset":
                lines += " 1";
                break;
            case "empty":
                part = [];
                break;
            case "text":
                part = [.. "hello"u8, .. new byte[5000]];
                break;
            case "without capacity":
                part[13] = 0;
                break;
            case "the descriptor":
                lines = lines.Replace("s001", "disk", StringComparison.Ordinal);
                break;
            case "cut":
                part = part[..512];
                break;
        }

        File.WriteAllBytes(_folder.PathOf("s001.vmdk"), part);
        string text = VmdkSketch.Text("twoGbMaxExtentSparse", lines) + "#" + new string(' ', 600);
        File.WriteAllText(_folder.PathOf("disk.vmdk"), damage == "without parentCID" ? text.Replace("parentCID", "x", StringComparison.Ordinal) : text);

        Assert.Equal(field, Assert.Throws<QedDamagedFileException>(() => ReadAll("disk.vmdk")).Field);
    }

    [Fact]
    public void A_missing_extent_is_named()
    {
        Save("s001.vmdk", VmdkSketch.Hosted(new byte[Grain], _ => true));
        File.WriteAllText(_folder.PathOf("disk.vmdk"), VmdkSketch.Text("twoGbMaxExtentSparse", "RW 128 SPARSE \"s001.vmdk\"\nRW 128 SPARSE \"s002.vmdk\""));

        Assert.Contains("s002.vmdk", Assert.Throws<QedBackingFileNotFoundException>(() => ReadAll("disk.vmdk")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOACCESS 2048 FLAT \"a.vmdk\" 0", false)]
    [InlineData("RW 2048 VMFSRDM \"a.vmdk\"", false)]
    [InlineData("RW 2048 FLAT \"a.vmdk\" 0", true)]
    [InlineData("RW 2048 ZERO", true)]
    public void Unsupported_extents_are_refused_by_disk_type(string extents, bool hasParent)
    {
        File.WriteAllText(_folder.PathOf("disk.vmdk"), VmdkSketch.Text("thing", extents, parentCid: hasParent ? "00000001" : null, parent: "base.vmdk"));

        Assert.Contains("thing", Assert.Throws<QedUnsupportedFormatException>(() => ReadAll("disk.vmdk")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_overlay_shows_its_split_parent()
    {
        // The extents end at other offsets than the parent's.
        byte[] below = Base(9 * Grain);
        byte[] first = VmdkStreamTests.Contents(4 * Grain, Grain, i => i % 2 == 0);
        byte[] second = VmdkStreamTests.Contents(5 * Grain, Grain, i => i % 2 == 0);
        Save("over-s001.vmdk", VmdkSketch.Hosted(first, i => i % 2 == 0));
        Save("over-s002.vmdk", VmdkSketch.Hosted(second, i => i % 2 == 0));
        File.WriteAllText(_folder.PathOf("over.vmdk"), VmdkSketch.Text(
            "twoGbMaxExtentSparse", $"RW {4 * 128} SPARSE \"over-s001.vmdk\"\nRW {5 * 128} SPARSE \"over-s002.vmdk\"", parentCid: "00000005", parent: "base.vmdk"));
        byte[] over = [.. first, .. second];
        bool IsThere(int i) => i < 4 ? i % 2 == 0 : (i - 4) % 2 == 0;
        byte[] expected = [.. Enumerable.Range(0, 9).SelectMany(i => (IsThere(i) ? over : below)[(i * Grain)..((i + 1) * Grain)])];

        Assert.Equal(expected, ReadAll("over.vmdk"));
        AssertExtents("over.vmdk", expected);
        AssertQemuReads("over.vmdk", expected);
        File.WriteAllText(_folder.PathOf("base.vmdk"), File.ReadAllText(_folder.PathOf("base.vmdk")).Replace("CID=00000005", "CID=00000006", StringComparison.Ordinal));
        Assert.Throws<QedBackingFileRefusedException>(() => ReadAll("over.vmdk"));
    }

    [Theory]
    [InlineData(1, "VMFSSPARSE")]
    [InlineData(1, "SPARSE")]
    [InlineData(128, "VMFSSPARSE")]
    public void A_delta_of_an_ESX_server_shows_its_parent(int grainSectors, string type)
    {
        int grain = grainSectors * 512;
        byte[] below = Base((40 * Grain) + 512);
        Func<int, bool> isThere = i => i % 5 > 2 || i == 0;
        byte[] over = VmdkStreamTests.Contents(below.Length, grain, isThere);
        Save("over-delta.vmdk", VmdkSketch.Cowd(over, isThere, grainSectors));
        File.WriteAllText(_folder.PathOf("over.vmdk"), VmdkSketch.Text(
            "vmfsSparse", $"RW {below.Length / 512} {type} \"over-delta.vmdk\"", parentCid: "00000005", parent: "base.vmdk"));
        byte[] expected = [.. below];
        for (int i = 0; i * grain < expected.Length; i++)
        {
            if (isThere(i))
            {
                over.AsSpan(i * grain, Math.Min(grain, over.Length - (i * grain))).CopyTo(expected.AsSpan(i * grain));
            }
        }

        Assert.Equal(expected, ReadAll("over.vmdk"));
        AssertExtents("over.vmdk", expected);
        AssertQemuReads("over.vmdk", expected);
    }

    [Theory]
    [InlineData(4, 2, "version 2")]
    [InlineData(8, 11, "flags")]
    public void A_delta_of_an_unsupported_kind_is_refused_by_name(int at, byte value, string named)
    {
        Assert.Contains(named, Assert.Throws<QedUnsupportedFormatException>(() => ReadCowd((at, value))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(13, 0, "numSectors")]
    [InlineData(16, 0, "grainSize")]
    [InlineData(20, 3, "gdOffset")]
    [InlineData(23, 1, "gdOffset")]
    [InlineData(24, 0, "numGDEntries")]
    [InlineData(0, 0, "the start of the file")]
    [InlineData(2051, 1, "entry 0 of the grain directory")]
    public void An_invalid_delta_is_damage(int at, byte value, string field)
    {
        Assert.Equal(field, Assert.Throws<QedDamagedFileException>(() => ReadCowd((at, value))).Field);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_space_efficient_delta_shows_its_parent(bool isReversed)
    {
        // Three tables, one of them without grains.
        const int SeGrain = 4096;
        byte[] below = Base((37 << 20) + 4096);
        SeSparseGrain StateOf(int i) => i / 4096 == 1 ? SeSparseGrain.NotThere : (i % 97) switch
        {
            < 9 => SeSparseGrain.Data,
            20 or 21 => SeSparseGrain.GivenBack,
            22 => SeSparseGrain.Zero,
            _ => SeSparseGrain.NotThere,
        };
        byte[] over = VmdkStreamTests.Contents(below.Length, SeGrain, i => StateOf(i) == SeSparseGrain.Data);
        Save("over-sesparse.vmdk", VmdkSketch.SeSparse(over, StateOf, isReversed));
        File.WriteAllText(_folder.PathOf("over.vmdk"), VmdkSketch.Text(
            "seSparse", $"RW {below.Length / 512} SESPARSE \"over-sesparse.vmdk\"", parentCid: "00000005", parent: "base.vmdk"));
        byte[] expected = [.. below];
        for (int i = 0; i * SeGrain < expected.Length; i++)
        {
            if (StateOf(i) != SeSparseGrain.NotThere)
            {
                over.AsSpan(i * SeGrain, SeGrain).CopyTo(expected.AsSpan(i * SeGrain));
            }
        }

        Assert.Equal(expected, ReadAll("over.vmdk"));
        AssertExtents("over.vmdk", expected);
        AssertQemuReads("over.vmdk", expected);
    }

    [Theory]
    [InlineData(8, 2, "version")]
    [InlineData(24, 16, "grains of 16")]
    [InlineData(32, 32, "tables of 32")]
    [InlineData(40, 1, "unknown flags")]
    [InlineData(511, 1, "unknown flags")]
    [InlineData(512 + 24, 1, "journal")]
    public void A_space_efficient_delta_of_an_unsupported_kind_is_refused_by_name(int at, byte value, string named)
    {
        Assert.Contains(named, Assert.Throws<QedUnsupportedFormatException>(() => ReadSeSparse(bytes => bytes[at] = value)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, "the header")]
    [InlineData(512, 0, "the volatile header")]
    [InlineData(87, 1, "the offset of the volatile header")]
    [InlineData(21, 1, "the size of the grain directory")]
    [InlineData(23, 255, "capacity")]
    [InlineData(135, 1, "the offset of the grain directory")]
    [InlineData(151, 255, "the offset of the grain tables")]
    [InlineData(199, 255, "the offset of the grains")]
    [InlineData(4096 + 7, 0x20, "entry 0 of the grain directory")]
    [InlineData(4096 + 1, 1, "entry 0 of the grain directory")]
    [InlineData(-1, 0, "the grain table entry of grain 0")]
    [InlineData(-1, 0x0000_0000_0000_0001, "the grain table entry of grain 0")]
    [InlineData(-1, 0x4000_0000_0000_0000, "the grain table entry of grain 0")]
    [InlineData(-1, 0x3100_0000_0000_0000, "the grain table entry of grain 0")]
    [InlineData(-1, 0x3000_8000_0000_0000, "the grain table entry of grain 0")]
    [InlineData(-1, 0x3FFF_FFFF_FFFF_FFFF, "the grain table entry of grain 0")]
    public void An_invalid_space_efficient_delta_is_damage(int at, long value, string field)
    {
        if (at < 0 && value == 0)
        {
            // Not damage: the grain would come from the parent, and there is none.
            ReadSeSparse(bytes => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4096 + 512), 0));
            return;
        }

        Assert.Equal(field, Assert.Throws<QedDamagedFileException>(() => ReadSeSparse(bytes =>
        {
            if (at < 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4096 + 512), value);
            }
            else
            {
                bytes[at] = (byte)value;
            }
        })).Field);
    }

    [Theory]
    [InlineData("COWD")]
    [InlineData("SESPARSE")]
    public void The_data_file_of_a_delta_is_refused_with_the_name_of_its_descriptor(string kind)
    {
        VmdkSketch sketch = kind == "COWD" ? VmdkSketch.Cowd(new byte[Grain], _ => true) : VmdkSketch.SeSparse(new byte[Grain], _ => SeSparseGrain.Data);
        Save("alone.vmdk", sketch);
        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => ReadAll("alone.vmdk"));
        Assert.Contains("descriptor", error.Message, StringComparison.Ordinal);
        Assert.Equal(kind, error.Format);
        Save("over-delta.vmdk", sketch);
        Assert.Contains("only a part", Assert.Throws<QedUnsupportedFormatException>(() => ReadAll("over-delta.vmdk")).Message, StringComparison.Ordinal);

        File.WriteAllText(_folder.PathOf("over.vmdk"), VmdkSketch.Text("thing", $"RW 128 {(kind == "COWD" ? "VMFSSPARSE" : kind)} \"over-delta.vmdk\""));
        error = Assert.Throws<QedUnsupportedFormatException>(() => DiskConversion.Run(
            _folder.PathOf("over-delta.vmdk"), _folder.PathOf("a.raw"), new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("'over.vmdk'", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private byte[] Base(int size)
    {
        byte[] below = RawFiles.Scattered(_folder.PathOf("base-flat.vmdk"), size, seed: 6, pieces: 40);
        int split = size / 512 / 3;
        File.WriteAllText(_folder.PathOf("base.vmdk"), VmdkSketch.Text(
            "twoGbMaxExtentFlat", $"RW {split} FLAT \"base-flat.vmdk\" 0\nRW {(size / 512) - split} FLAT \"base-flat.vmdk\" {split}", cid: "00000005"));
        return below;
    }

    private void Save(string name, VmdkSketch sketch) => File.WriteAllBytes(_folder.PathOf(name), sketch.Bytes);

    private byte[] ReadCowd((int At, byte Value) change)
    {
        byte[] bytes = VmdkSketch.Cowd(VmdkStreamTests.Contents(4 * Grain, 512, _ => true), _ => true).Bytes;
        bytes[change.At] = change.Value;
        File.WriteAllBytes(_folder.PathOf("delta.vmdk"), bytes);
        File.WriteAllText(_folder.PathOf("disk.vmdk"), VmdkSketch.Text("vmfsSparse", "RW 512 VMFSSPARSE \"delta.vmdk\""));
        return ReadAll("disk.vmdk");
    }

    private byte[] ReadSeSparse(Action<byte[]> change)
    {
        byte[] bytes = VmdkSketch.SeSparse(VmdkStreamTests.Contents(4 * Grain, 4096, _ => true), _ => SeSparseGrain.Data).Bytes;
        change(bytes);
        File.WriteAllBytes(_folder.PathOf("delta.vmdk"), bytes);
        File.WriteAllText(_folder.PathOf("disk.vmdk"), VmdkSketch.Text("seSparse", "RW 512 SESPARSE \"delta.vmdk\""));
        return ReadAll("disk.vmdk");
    }

    // The extents' file offsets are correct, and no extent continues the one before.
    private void AssertExtents(string name, byte[] expected)
    {
        using BackingChain chain = Open(name);
        IDisk disk = chain.ToDisk();
        DiskExtent[] extents = [.. ExtentWalk.Over(disk, 0, disk.Length, TestContext.Current.CancellationToken)];
        Dictionary<string, byte[]> files = [];
        Assert.Equal(expected.Length, extents.Sum(extent => extent.Length));
        Assert.All(extents.Zip(extents.Skip(1)), pair => Assert.False(pair.First.IsContinuedBy(pair.Second)));
        Assert.All(extents, extent =>
        {
            ReadOnlySpan<byte> part = expected.AsSpan((int)extent.Start, (int)extent.Length);
            if (extent.State != QedExtentState.Data)
            {
                Assert.Equal(-1, part.IndexOfAnyExcept((byte)0));
            }
            else if (extent.FileOffset != DiskExtent.Packed)
            {
                IMultiFileLayer layer = (IMultiFileLayer)chain.Layers[extent.Depth];
                string path = layer.Files[extent.File - 1].Path;
                byte[] file = files.TryGetValue(path, out byte[]? known) ? known : files[path] = File.ReadAllBytes(path);
                Assert.True(part.SequenceEqual(file.AsSpan((int)extent.FileOffset, part.Length)));
            }
        });
        byte[] read = new byte[9000];
        for (int from = 0; from < expected.Length; from += 77_777)
        {
            int count = Math.Min(read.Length, expected.Length - from);
            disk.Read(from, read.AsSpan(0, count));
            Assert.True(expected.AsSpan(from, count).SequenceEqual(read.AsSpan(0, count)));
        }
    }

    private void AssertQemuReads(string name, byte[] expected)
    {
        if (Qemu.IsInstalled)
        {
            Qemu.Img("convert", "-f", "vmdk", "-O", "raw", _folder.PathOf(name), _folder.PathOf("theirs.raw"));
            Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(_folder.PathOf("theirs.raw"))), "qemu-img reads different data");
        }
    }

    private BackingChain Open(string name) =>
        BackingChain.OpenAll(_folder.PathOf(name), DiskFormats.OfExtension(name), new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));

    private byte[] ReadAll(string name)
    {
        using BackingChain chain = Open(name);
        return DiskBytes.Of(chain.ToDisk());
    }
}
