using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Interchange.Raw;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Extended L2 entries: clusters of 32 subclusters, each with its own state.</summary>
public sealed class Qcow2SubclusterTests : IDisposable
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Seeds.Take), 12, MemberType = typeof(Seeds))]
    public void QEMUs_files_are_read_and_mapped_as_QEMU_does(int seed)
    {
        Random random = new(seed);
        int clusterSize = (16 * KiB) << random.Next(8);
        int size = random.Pick(4 * MiB, (5 * MiB) + 512, (3 * MiB) + (17 * 512));
        bool isOverlay = random.Next(2) == 0;
        string options = $"extended_l2=on,cluster_size={clusterSize}{random.Pick("", ",compression_type=zstd", ",lazy_refcounts=on")}";
        File.WriteAllBytes(At("base.raw"), DiskBytes.Random(seed, size - 100_864));
        Qemu.Img([
            "create", "-q", "-f", "qcow2", "-o", options, .. (string[])(isOverlay ? ["-b", "base.raw", "-F", "raw"] : []), At("b.qcow2"), $"{size}"]);
        Qemu.Io(At("b.qcow2"), "qcow2", [.. CommandsFor(random, size, clusterSize, mayCompress: true)]);
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", At("b.qcow2"), At("theirs.raw"));
        byte[] before = File.ReadAllBytes(At("b.qcow2"));

        Convert("b.qcow2", "ours.raw");
        Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("ours.raw")));
        Assert.Equal(before, File.ReadAllBytes(At("b.qcow2")));

        // In a file without holes, both programs report what the tables say.
        File.Delete(At("b.qcow2"));
        File.WriteAllBytes(At("b.qcow2"), before);
        QemuMaps.AssertSame(_folder, "b.qcow2");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Snapshots_with_subclusters_are_read()
    {
        string file = At("b.qcow2");
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", "extended_l2=on", file, "4M");
        Random random = new(1);
        for (int i = 1; i <= 3; i++)
        {
            Qemu.Io(file, "qcow2", [.. CommandsFor(random, 4 * MiB, 64 * KiB, mayCompress: false)]);
            Qemu.Img("snapshot", "-c", $"s{i}", file);
        }

        Qemu.Io(file, "qcow2", "write -q -P 9 0 4M");
        foreach (string name in new[] { "s1", "s2", "s3" })
        {
            Qemu.Img("convert", "-f", "qcow2", "-l", name, "-O", "raw", file, At("theirs.raw"));
            Convert("b.qcow2", "ours.raw", name);
            Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("ours.raw")));
        }
    }

    [Theory]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(21)]
    public void Every_state_of_a_subcluster_is_read(int bits)
    {
        int size = 1 << bits;
        int sub = size / 32;
        Qcow2Sketch sketch = new((6L * size) + 1024, bits, hasSubclusters: true);
        byte[] data = DiskBytes.Random(1, size);
        long mixed = sketch.Put(0, data);
        sketch.SetSubclusters(0, 0x8000_000F, 0x0000_0F00);
        sketch.SetSubclusters(1, 0, 0xFFFF_0000);
        long whole = sketch.Put(2, data);
        byte[] packed = Qcow2DiskTests.Text(3, size);
        sketch.PutCompressed(3, packed);
        sketch.SetSubclusters(3, uint.MaxValue, uint.MaxValue); // without meaning
        long last = sketch.Put(6, data);
        byte[] below = DiskBytes.Random(2, (6 * size) + 1024);
        byte[] expected = [.. below];
        data.AsSpan(0, 4 * sub).CopyTo(expected);
        expected.AsSpan(8 * sub, 4 * sub).Clear();
        data.AsSpan(31 * sub).CopyTo(expected.AsSpan(31 * sub));
        expected.AsSpan(size + (16 * sub), 16 * sub).Clear();
        data.CopyTo(expected, 2 * size);
        packed.CopyTo(expected, 3 * size);
        data.AsSpan(0, 1024).CopyTo(expected.AsSpan(6 * size));

        MemoryStorage under = new("base.raw");
        under.Write(0, below);
        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(new RawDisk(under));

        Assert.Equal(expected, DiskBytes.Read(disk, 0, expected.Length));
        Random random = new(bits);
        for (int i = 0; i < 300; i++)
        {
            int offset = random.Next(expected.Length);
            int length = Math.Min(expected.Length - offset, random.Next(1, 3 * sub));
            Assert.Equal(expected[offset..(offset + length)], DiskBytes.Read(disk, offset, length));
        }

        IDisk alone = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);
        Assert.Equal(
            [
                new DiskExtent(0, 4 * sub, QedExtentState.Data, mixed, 0),
                new DiskExtent(4 * sub, 4 * sub, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(8 * sub, 4 * sub, QedExtentState.Zero, 0, 0),
                new DiskExtent(12 * sub, 19 * sub, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(31 * sub, sub, QedExtentState.Data, mixed + (31 * sub), 0),
                new DiskExtent(size, 16 * sub, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(size + (16 * sub), 16 * sub, QedExtentState.Zero, 0, 0),
                new DiskExtent(2 * size, size, QedExtentState.Data, whole, 0),
                new DiskExtent(3 * size, size, QedExtentState.Data, DiskExtent.Packed, 0),
                new DiskExtent(4 * size, 2 * size, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(6 * size, 1024, QedExtentState.Data, last, 0),
            ],
            DiskBytes.Extents(alone));
    }

    [Fact]
    public void Subclusters_without_stored_data_need_not_be_in_the_file()
    {
        const int Size = 64 * KiB;
        Qcow2Sketch sketch = new(Size, 16, hasSubclusters: true);
        long place = sketch.Put(0, DiskBytes.Random(1, Size));
        sketch.SetSubclusters(0, 0x3, 0xFFFF_0000);
        sketch.Storage.SetLength(place + (2 * Size / 32));

        Assert.Equal(DiskBytes.Random(1, Size)[..4096], DiskBytes.Read(Open(sketch), 0, 4096));
        sketch.Storage.SetLength(place + (2 * Size / 32) - 1);
        Assert.Contains("the L2 entry of cluster 0", Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(Open(sketch), 0, 1)).Field, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Damages { get; } = new()
    {
        { "both", "the subcluster bitmap of cluster 1" },
        { "no offset", "the subcluster bitmap of cluster 1" },
        { "zero bit", "the L2 entry of cluster 1" },
        { "reserved bits", "the L2 entry of cluster 1" },
        { "misaligned offset", "the L2 entry of cluster 1" },
        { "past the end", "the L2 entry of cluster 1" },
        { "in the L1 table", "the L2 entry of cluster 1" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Invalid_entries_are_damage_when_they_are_read(string what, string field)
    {
        Qcow2Sketch sketch = new(256 * KiB, 16, hasSubclusters: true);
        sketch.Put(0, [1, 2, 3]);
        long place = sketch.Put(1, [4, 5, 6]);
        switch (what)
        {
            case "both":
                sketch.SetSubclusters(1, 0x0000_0100, 0x8000_0100);
                break;
            case "no offset":
                sketch.SetEntry(1, 0);
                sketch.SetSubclusters(1, 1u << 31, 0);
                break;
            case "zero bit":
                sketch.SetEntry(1, (ulong)place | 1);
                break;
            case "reserved bits":
                sketch.SetEntry(1, (ulong)place | (1UL << 57));
                break;
            case "misaligned offset":
                sketch.SetEntry(1, (ulong)place + 512);
                break;
            case "past the end":
                sketch.SetEntry(1, (ulong)sketch.Storage.Length);
                break;
            default:
                sketch.SetEntry(1, (ulong)sketch.L1Offset);
                break;
        }

        IDisk disk = Open(sketch);
        Assert.Equal([1, 2, 3], DiskBytes.Read(disk, 0, 3));
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(disk, 64 * KiB, 1));
        Assert.Equal(field, error.Field);
        Assert.Equal([0], DiskBytes.Read(disk, 128 * KiB, 1));
    }

    private static IDisk Open(Qcow2Sketch sketch) => Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);

    /// <summary>Commands of qemu-io that write, zero and discard whole subclusters and parts of them.</summary>
    internal static IEnumerable<string> CommandsFor(Random random, int size, int clusterSize, bool mayCompress)
    {
        // QEMU compresses only clusters that are not allocated yet.
        foreach (int cluster in mayCompress ? Enumerable.Range(0, 4).Select(_ => random.Next(size / clusterSize)).Distinct() : [])
        {
            yield return $"write -q -c -P {random.Next(1, 256)} {(long)cluster * clusterSize} {clusterSize}";
        }

        for (int i = 0; i < 30; i++)
        {
            int unit = random.Pick(512, clusterSize / 32, clusterSize);
            long offset = random.Next(size / unit) * (long)unit;
            long length = Math.Min(size - offset, random.Next(1, 20) * (long)unit);
            yield return random.Next(6) switch
            {
                0 => $"write -q -z {offset} {length}",
                1 => $"write -q -z -u {offset} {length}",
                2 => $"discard -q {offset} {length}",
                _ => $"write -q -P {random.Next(1, 256)} {offset} {length}",
            };
        }
    }

    private void Convert(string from, string to, string? snapshot = null) => DiskConversion.Run(
        At(from), At(to), new DiskConversionOptions { Snapshot = snapshot, Replace = true }, cancellation: TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
