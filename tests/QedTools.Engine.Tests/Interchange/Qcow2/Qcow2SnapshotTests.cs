using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Internal snapshots: which one a name selects, and its contents.</summary>
public sealed class Qcow2SnapshotTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("compat=0.10,cluster_size=4096")]
    [InlineData("compat=1.1")]
    [InlineData("compat=1.1,cluster_size=512,lazy_refcounts=on")]
    [InlineData("compat=1.1,cluster_size=2M")]
    public void QEMUs_snapshots_read_as_QEMU_reads_them(string options)
    {
        string file = At("a.qcow2");
        Random random = new(1);
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", options, file, $"{(5 * MiB) + 512}");
        for (int i = 1; i <= 6; i++)
        {
            Qemu.Io(file, "qcow2", [.. Enumerable.Range(0, 4).Select(j =>
                $"write -q -P {(i * 10) + j} {random.Next(4 * MiB / 512) * 512L} {random.Next(1, 300) * 512L}"), i % 2 == 0 ? $"write -q -z {random.Next(4) * MiB} 600k" : "flush"]);
            Qemu.Img("snapshot", "-c", $"state {i}", file);
        }

        Qemu.Img("snapshot", "-d", "state 3", file);
        Qemu.Io(file, "qcow2", "write -q -P 99 0 5M");
        string before = System.Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
        foreach (string name in new[] { "state 1", "state 2", "state 4", "state 6", "5" })
        {
            Qemu.Img("convert", "-f", "qcow2", "-l", name, "-O", "raw", file, At("theirs.raw"));
            Convert(file, "ours.raw", name);
            Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("ours.raw")));
        }

        Assert.Equal(before, System.Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
        QedSnapshotNotFoundException error = Assert.Throws<QedSnapshotNotFoundException>(() => Convert(file, "ours.raw", "state 3"));
        Assert.Contains("'state 1' (id 1), 'state 2' (id 2), 'state 4' (id 4)", error.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void As_in_QEMU_ids_take_precedence_over_names_and_the_first_of_equal_names_is_used()
    {
        string file = At("a.qcow2");
        Qemu.Img("create", "-q", "-f", "qcow2", file, "1M");
        foreach ((string name, int value) in new[] { ("2", 1), ("one", 2), ("twice", 3), ("twice", 4) })
        {
            Qemu.Io(file, "qcow2", $"write -q -P {value} 0 64k");
            Qemu.Img("snapshot", "-c", name, file);
        }

        foreach (string name in new[] { "1", "2", "3", "4", "one", "twice" })
        {
            Qemu.Img("convert", "-f", "qcow2", "-l", name, "-O", "raw", file, At("theirs.raw"));
            Convert(file, "ours.raw", name);
            Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("ours.raw")));
        }
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void A_snapshot_has_the_size_that_the_disk_had()
    {
        string file = At("a.qcow2");
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", file, "1M");
        Qemu.Io(file, "qcow2", "write -q -P 1 900k 100k");
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", file, At("small.raw"));
        Qemu.Img("snapshot", "-c", "small", file);
        Qemu.Img("resize", "-q", file, "9M");
        Qemu.Io(file, "qcow2", "write -q -P 2 8M 100k");
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", file, At("large.raw"));
        Qemu.Img("snapshot", "-c", "large", file);
        Qemu.Img("resize", "-q", "--shrink", file, "512k");

        foreach (string name in new[] { "small", "large" })
        {
            Convert(file, "ours.raw", name);
            Assert.Equal(File.ReadAllBytes(At(name + ".raw")), File.ReadAllBytes(At("ours.raw")));
        }
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Clusters_that_a_snapshot_does_not_have_come_from_the_backing_file()
    {
        File.WriteAllBytes(At("base.raw"), DiskBytes.Random(1, MiB));
        Qemu.Img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", At("a.qcow2"));
        Qemu.Io(At("a.qcow2"), "qcow2", "write -q -P 7 64k 3k");
        Qemu.Img("snapshot", "-c", "s", At("a.qcow2"));
        Qemu.Io(At("a.qcow2"), "qcow2", "write -q -P 8 0 1M");
        Qemu.Img("convert", "-f", "qcow2", "-l", "s", "-O", "raw", At("a.qcow2"), At("theirs.raw"));

        Convert(At("a.qcow2"), "ours.raw", "s");
        Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("ours.raw")));
        QedComparison comparison = DiskComparison.Run(
            At("a.qcow2"), At("a.qcow2"), new() { ReferenceSnapshot = "s" }, cancellation: TestContext.Current.CancellationToken);
        Assert.False(comparison.AreEqual);
    }

    [Fact]
    public void Unknown_names_are_errors_that_list_some_existing_ones()
    {
        Qcow2Sketch sketch = new(MiB);
        sketch.AddSnapshots([.. Enumerable.Range(1, 13).Select(i => new SketchedSnapshot($"{i}", i == 2 ? new string('n', 5000) : $"name {i}\u001b"))]);
        string file = Save(sketch);

        QedSnapshotNotFoundException error = Assert.Throws<QedSnapshotNotFoundException>(() => Convert(file, "x.raw", "no such"));
        Assert.Equal("no such", error.Snapshot);
        Assert.Contains("no snapshot 'no such'", error.Message, StringComparison.Ordinal);
        Assert.Contains("(id 10) and 3 more", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("id 11", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.InRange(error.Message.Length, 1, 1000);
        Assert.Contains("It has no snapshots", Assert.Throws<QedSnapshotNotFoundException>(() => Convert(Save(new Qcow2Sketch(MiB)), "x.raw", "a")).Message, StringComparison.Ordinal);
        Assert.Contains("a QED file", Assert.Throws<QedSnapshotNotFoundException>(() => Convert(Fixture.PathOf("chains/base.qed"), "x.raw", "a")).Message, StringComparison.Ordinal);
        Assert.Equal(7, DiskSource.SnapshotsOf(file, null, 7).Count);
        Assert.Empty(DiskSource.SnapshotsOf(At("missing"), null, 7));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(1000)]
    public void Extra_data_of_any_length_is_skipped(int extra)
    {
        Qcow2Sketch sketch = new(MiB);
        sketch.Put(0, [1, 2, 3]);
        sketch.AddSnapshots(
            new SketchedSnapshot("1", "a") { ExtraBytes = extra, VirtualSize = MiB / 2, L1Offset = sketch.Append() },
            new SketchedSnapshot("2", "b") { ExtraBytes = extra, VirtualSize = MiB / 2, L1Offset = sketch.L1Offset });

        IDisk disk = Open(sketch, "b");
        Assert.Equal(extra < 16 ? MiB : MiB / 2, disk.Length);
        Assert.Equal([1, 2, 3], DiskBytes.Read(disk, 0, 3));
        Assert.Equal([0, 0, 0], DiskBytes.Read(Open(sketch, "a"), 0, 3));
    }

    [Fact]
    public void A_short_L1_table_is_damage_unless_the_disk_size_is_not_stored()
    {
        // An L1 table of one entry covers 2 MiB.
        Qcow2Sketch sketch = new(5 * MiB);
        sketch.Put(0, [1, 2, 3]);
        sketch.Put(1000, [4, 5, 6]);
        sketch.AddSnapshots(
            new SketchedSnapshot("1", "a") { ExtraBytes = 0, L1Size = 1, L1Offset = sketch.L1Offset },
            new SketchedSnapshot("2", "b") { ExtraBytes = 16, L1Size = 1, L1Offset = sketch.L1Offset, VirtualSize = 5 * MiB });

        IDisk disk = Open(sketch, "a");
        Assert.Equal(5 * MiB, disk.Length);
        Assert.Equal([1, 2, 3], DiskBytes.Read(disk, 0, 3));
        Assert.Equal([0, 0, 0], DiskBytes.Read(disk, 1000 * 4096, 3));
        Assert.Equal((2L * MiB, QedExtentState.Unallocated), (DiskBytes.Extents(disk)[^1].End - (3 * MiB), DiskBytes.Extents(disk)[^1].State));
        Assert.Contains("the L1 table's size", Assert.Throws<QedDamagedFileException>(() => Open(sketch, "b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_tables_give_engine_errors()
    {
        Dictionary<string, Action<Qcow2Sketch>> harms = new()
        {
            ["nb_snapshots"] = sketch => sketch.Write32(60, 70_000),
            ["snapshots_offset"] = sketch => sketch.Write64(64, 4096 + 8),
            ["entry 1"] = sketch => sketch.Storage.SetLength(sketch.SnapshotsOffset + 100),
            ["entry 0"] = sketch => sketch.Write32(sketch.SnapshotsOffset + 36, uint.MaxValue),
            ["L1 table's offset"] = sketch => sketch.Write64(sketch.SnapshotsOffset, ulong.MaxValue - 4095),
            ["L1 table's size"] = sketch => sketch.Write32(sketch.SnapshotsOffset + 8, 0),
            ["the disk size"] = sketch => sketch.Write64(sketch.SnapshotsOffset + 48, ulong.MaxValue),
        };
        foreach ((string field, Action<Qcow2Sketch> harm) in harms)
        {
            Qcow2Sketch sketch = new(MiB);
            sketch.AddSnapshots(new SketchedSnapshot("1", "a"), new SketchedSnapshot("2", "b"));
            harm(sketch);
            Assert.Contains(field, Assert.Throws<QedDamagedFileException>(() => Open(sketch, "a")).Field, StringComparison.Ordinal);
        }
    }

    private static IDisk Open(Qcow2Sketch sketch, string name)
    {
        Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
        DiskSnapshot[] all = [.. layer.Snapshots];
        layer.UseSnapshot(all.First(snapshot => snapshot.Name == name));
        return layer.ToDisk(backing: null);
    }

    private string Save(Qcow2Sketch sketch)
    {
        string path = At(Guid.NewGuid() + ".qcow2");
        byte[] bytes = new byte[sketch.Storage.Length];
        sketch.Storage.Read(0, bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private void Convert(string from, string to, string snapshot) => DiskConversion.Run(
        from, At(to), new DiskConversionOptions { Snapshot = snapshot, Replace = true }, cancellation: TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
