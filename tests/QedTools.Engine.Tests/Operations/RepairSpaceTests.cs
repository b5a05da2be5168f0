using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Reliability;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A repair or an optimization that would fill the disk is refused before it changes anything.</summary>
public sealed class RepairSpaceTests
{
    private const string Top = "top.qed";
    private const int Cluster = 65536;
    private const int Table = 4 * Cluster;
    private const long Entries = Table / 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Fixtures =>
        [.. Directory.GetFiles(Fixture.PathOf("damaged"), "*.qed").Order(StringComparer.Ordinal).Select(path => "damaged/" + Path.GetFileName(path))];

    public static TheoryData<string, bool> Damaged => [.. Fixtures.SelectMany(row => new[] { (row.Data, true), (row.Data, false) })];

    public static TheoryData<bool, bool> Crafted => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    /// <summary>A file lengthened only by a hole: used clusters could move, and a hole is not saved.</summary>
    [Theory(Skip = Host.NotKeepingHoles, SkipUnless = nameof(Host.KeepsHoles), SkipType = typeof(Host))]
    [InlineData("damaged/leak-at-end.qed", true)]
    [InlineData("damaged/leak-at-end.qed", false)]
    [InlineData("damaged/l1-past-end.qed", true)]
    [InlineData("damaged/l1-past-end.qed", false)]
    [InlineData("damaged/double-one-table.qed", true)]
    [InlineData("damaged/table-shared.qed", false)]
    public void A_hole_at_the_end_needs_no_space(string fixture, bool saves)
    {
        using TempFolder folder = new();
        string path = folder.PathOf(Top);
        File.Copy(Fixture.PathOf(fixture), path);
        using (FileStream file = new(path, FileMode.Open))
        {
            file.SetLength(2L << 40);
        }

        QedRepairResult result = ImageRepair.Run(path, new ImageRepairOptions { NoBackup = !saves }, progress: null, Token);
        Assert.InRange(result.RequiredBytes, 0, 1 << 20);
        Assert.Equal(QedCheckStatus.Clean, result.After.Status);
        Assert.InRange(new FileInfo(path).Length, 0, 1 << 20);
        if (saves)
        {
            Assert.InRange(new FileInfo(result.BackupPath!).Length, 0, result.RequiredBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_repair_takes_no_more_space_than_announced_and_is_refused_if_there_is_less(string fixture, bool saves)
    {
        using MemoryHost host = new();
        host.PutFixture(fixture, Top);
        byte[] original = host.Get(Top);
        ImageRepairOptions options = new() { NoBackup = !saves };
        long required = host.Do(() => ImageRepair.Plan(host.PathOf(Top), options)).RequiredBytes;

        if (required > 0)
        {
            host.AvailableBytes = required - 1;
            foreach (Action refused in (Action[])[() => ImageRepair.Plan(host.PathOf(Top), options), () => ImageRepair.Run(host.PathOf(Top), options)])
            {
                QedDiskFullException error = Assert.Throws<QedDiskFullException>(() => host.Do(refused));
                Assert.Equal(required, error.RequiredBytes);
                Assert.Equal(required - 1, error.AvailableBytes);
                Assert.Equal(Top, Assert.Single(host.Names));
                Assert.Equal(original, host.Get(Top));
            }
        }

        host.AvailableBytes = required;
        long peak = 0;
        host.Faults = point =>
        {
            peak = Math.Max(peak, point.Total + point.Growth);
            return null;
        };
        QedRepairResult result = host.Do(() => ImageRepair.Run(host.PathOf(Top), options));
        host.Faults = null;

        Assert.Equal(QedCheckStatus.Clean, result.After.Status);
        Assert.Equal(required, result.RequiredBytes);
        Assert.InRange(peak - original.Length, 0, required);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Undoing_a_repair_is_refused_if_there_is_less_space_than_it_needs(string fixture)
    {
        using MemoryHost host = new();
        host.PutFixture(fixture, Top);
        byte[] original = host.Get(Top);
        QedRepairResult result = host.Do(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions()));
        if (result.BackupPath is not { } backup)
        {
            Assert.Equal(QedCheckStatus.Clean, result.Before.Status); // only the need-check bit had to be cleared
            return;
        }

        byte[] repaired = host.Get(Top);
        byte[] saved = host.Get(Path.GetFileName(backup));
        host.AvailableBytes = 0;
        long required = (Record.Exception(() => host.Do(() => ImageRepair.PlanRestore(host.PathOf(Top), backup))) as QedDiskFullException)?.RequiredBytes ?? 0;
        if (required > 0)
        {
            host.AvailableBytes = required - 1;
            Assert.Throws<QedDiskFullException>(() => host.Do(() => ImageRepair.Restore(host.PathOf(Top), backup)));
            Assert.Equal(repaired, host.Get(Top));
            Assert.Equal(saved, host.Get(Path.GetFileName(backup)));
        }

        host.AvailableBytes = required;
        host.Do(() => ImageRepair.Restore(host.PathOf(Top), backup));

        // Everything that comes back past the end must be stored, and it was in the backup.
        byte[] restored = host.Get(Top);
        Assert.Equal(original.Length, restored.Length);
        long stored = restored.Skip(repaired.Length).Chunk(PowerCut.SectorSize).Where(sector => sector.Any(value => value != 0)).Sum(sector => (long)sector.Length);
        Assert.InRange(required, stored, saved.Length);
    }

    [Theory]
    [MemberData(nameof(Crafted))]
    public void A_small_file_that_would_become_a_huge_one_is_refused(bool manyTables, bool saves)
    {
        using TempFolder folder = new();
        string path = folder.PathOf("crafted.qed");
        File.WriteAllBytes(path, CraftedImage(manyTables));
        byte[] original = File.ReadAllBytes(path);
        HostFiles.Interceptor.Value = file => new SmallDisk(file, available: 1 << 30);
        try
        {
            ImageRepairOptions options = new() { NoBackup = !saves };
            QedDiskFullException error = Assert.Throws<QedDiskFullException>(() => ImageRepair.Run(path, options, cancellation: Token));
            Assert.Equal(error.RequiredBytes, Assert.Throws<QedDiskFullException>(() => ImageRepair.Plan(path, options, cancellation: Token)).RequiredBytes);

            // One copy for each entry but the first; if the L1 entries share a table, copies of the table and of what its entries refer to.
            long copies = manyTables ? (Entries - 1) * (Entries + 4) : 0;
            Assert.InRange(error.RequiredBytes!.Value, (copies + Entries - 1) * Cluster, ((copies + Entries - 1) * Cluster) + (2 << 20));
            Assert.Equal(1 << 30, error.AvailableBytes);
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }

        Assert.Equal(path, Assert.Single(Directory.GetFileSystemEntries(folder.Path)));
        Assert.Equal(original, File.ReadAllBytes(path));
    }

    [Fact]
    public void More_space_than_any_disk_has_is_refused_on_the_real_disk()
    {
        using TempFolder folder = new();
        string path = folder.PathOf("crafted.qed");
        File.WriteAllBytes(path, CraftedImage(manyTables: true));
        if (HostFiles.FreeSpaceIn(folder.Path) is not { AvailableBytes: < 1L << 46 })
        {
            Assert.Skip("The host does not report its free space, or it has 64 TiB.");
        }

        Assert.Throws<QedDiskFullException>(() => ImageRepair.Run(path, new ImageRepairOptions { NoBackup = true }, cancellation: Token));
        Assert.Equal(640 << 10, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData("damaged/leak-at-end.qed")]
    [InlineData("damaged/leak-in-middle.qed")]
    [InlineData("damaged/leak-table.qed")]
    [InlineData("damaged/dirty-leaks.qed")]
    [InlineData("damaged/tail-leak.qed")]
    public void An_optimization_takes_no_more_space_than_required(string fixture)
    {
        using MemoryHost host = new();
        host.PutFixture(fixture, Top);
        byte[] original = host.Get(Top);
        long required = host.Do(() =>
        {
            using QedImage image = QedImage.Open(HostFiles.Open(host.PathOf(Top), StorageAccess.Write));
            return new PackingPlan(image, ImageChecker.Survey(image.File, progress: null, CancellationToken.None)).RequiredBytes();
        });
        if (required > 0)
        {
            host.AvailableBytes = required - 1;
            Assert.Throws<QedDiskFullException>(() => host.Do(() => ImageOptimization.Plan(host.PathOf(Top), new ImageOptimizationOptions())));
            Assert.Throws<QedDiskFullException>(() => host.Do(() => ImageOptimization.Run(host.PathOf(Top), new ImageOptimizationOptions())));
            Assert.Equal(original, host.Get(Top));
        }

        host.AvailableBytes = required;
        long peak = 0;
        host.Faults = point =>
        {
            peak = Math.Max(peak, point.Total + point.Growth);
            return null;
        };
        QedOptimizeResult result = host.Do(() => ImageOptimization.Run(host.PathOf(Top), new ImageOptimizationOptions()));
        host.Faults = null;
        Assert.InRange(peak - original.Length, 0, required);
        Assert.True(result.FileSizeAfter < original.Length);
    }

    [Fact]
    public void An_image_can_be_closed_on_a_full_disk_and_keeps_its_unused_clusters()
    {
        MemoryStorage file = new();
        QedGeometry geometry = new(4096, 4);
        TestImage.Create(file, geometry, 64 << 20);
        QedImage image = TestImage.OpenForWriting(new SmallDisk(file, available: 0));
        IDisk disk = image.ToDisk(backing: null);
        byte[] data = new byte[4096];
        data.AsSpan().Fill(7);
        disk.Write(0, data);
        disk.Write(geometry.BytesPerL2Table, data);
        image.Unmap(0);
        image.Unmap(geometry.BytesPerL2Table);

        // The second table can move down by less than its own size only through a copy at the end of the file.
        image.EndWriting();
        using QedImage after = QedImage.Open(file);
        Assert.False(after.Header.NeedsCheck);
        Assert.Equal(QedCheckStatus.Leaks, ImageChecker.Check(after.File, progress: null, CancellationToken.None).Status);
        Assert.Equal((1 + 4 + 4 + 1 + 4 + 1) * 4096, file.Length);
    }

    [Fact]
    public void Available_space_is_that_of_the_file_system_under_a_path()
    {
        const string Memory = "/dev/shm";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(Memory))
        {
            Assert.Skip("Only Linux has a file system there that needs no mounting.");
        }

        string folder = Path.Combine(Memory, "qedtools-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        using TempFolder temp = new();
        try
        {
            string path = Path.Combine(folder, "file");
            File.WriteAllBytes(path, [1]);
            File.CreateSymbolicLink(temp.PathOf("link"), path);
            FreeSpace room = HostFiles.FreeSpaceIn(folder)!.Value;
            Assert.InRange(room.AvailableBytes / (double)AvailableByDf(folder), 0.5, 2);
            using IStorage link = HostFiles.Open(temp.PathOf("link"), StorageAccess.Inspect);
            Assert.Equal(room.Device, link.FreeSpace!.Value.Device);
            Assert.NotEqual(room.Device, HostFiles.FreeSpaceIn("/")!.Value.Device);
            Assert.Null(HostFiles.FreeSpaceIn("/proc")); // it has no size
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // 640 KiB: all entries of the only L2 table refer to the only data cluster, and one or all L1 entries refer to that table.
    private static byte[] CraftedImage(bool manyTables)
    {
        byte[] bytes = new byte[10 * Cluster];
        new QedHeader(
            Cluster,
            TableSize: 4,
            HeaderSize: 1,
            QedFeatures.None,
            CompatFeatures: 0,
            AutoclearFeatures: 0,
            L1TableOffset: Cluster,
            (ulong)((manyTables ? Entries : 1) * Entries * Cluster),
            BackingNameOffset: 0,
            BackingNameSize: 0).WriteTo(bytes);
        for (int i = 0; i < Entries; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Cluster + (i * 8)), manyTables || i == 0 ? 5 * Cluster : 0);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan((5 * Cluster) + (i * 8)), 9 * Cluster);
        }

        bytes.AsSpan(9 * Cluster).Fill(0x5A);
        return bytes;
    }

    private static long AvailableByDf(string folder)
    {
        using Process df = Process.Start(new ProcessStartInfo("df", ["--output=avail", "-B1", folder]) { RedirectStandardOutput = true })!;
        string text = df.StandardOutput.ReadToEnd();
        df.WaitForExit();
        return long.Parse(text.Split('\n')[1].Trim(), CultureInfo.InvariantCulture);
    }

    // A disk that reports how much space it has.
    private sealed class SmallDisk(IStorage inner, long available) : ForwardingStorage(inner)
    {
        public override FreeSpace? FreeSpace => new FreeSpace(Inner.FreeSpace?.Device, available);

        protected override bool ClosesInner => true;
    }
}
