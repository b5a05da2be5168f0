using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Operations;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>
/// Bugs in QEMU's own QED driver (seen with 7.2; numbered as in docs/format.md) that QedTools does not have. QEMU's
/// behaviour is only demonstrated: it may be fixed.
/// </summary>
public sealed class QemuMistakesTests : IDisposable
{
    private const int ClusterSize = 4096;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bug_1_a_file_longer_than_its_cluster_size_squared_has_no_phantom_leaks()
    {
        string image = MakeLongImage(out long clusters);
        Assert.True(clusters * ClusterSize > (long)ClusterSize * ClusterSize);

        QedCheckResult check = Check(image);

        Assert.Equal((QedCheckStatus.Clean, 0, 0), (check.Status, check.LeakedClusters, check.CorruptionCount));
        Assert.Equal(clusters * ClusterSize, check.ImageEndOffset);
    }

    [Fact]
    public void Bug_1_a_real_leak_at_the_end_of_such_a_file_is_counted_exactly()
    {
        string image = MakeLongImage(out long clusters);
        using (FileStorage storage = FileStorage.Open(image, StorageAccess.Write))
        {
            storage.SetLength(((clusters + 3) * ClusterSize) + 100);
        }

        QedCheckResult check = Check(image);

        Assert.Equal((QedCheckStatus.Leaks, 3, 0), (check.Status, check.LeakedClusters, check.CorruptionCount));
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Bug_1_QEMU_counts_a_leak_for_every_cluster_that_its_division_invents()
    {
        string image = MakeLongImage(out long clusters);
        (_, string output, string errors) = Qemu.Run("qemu-img", "check", "-f", "qed", "--output=json", image);
        using JsonDocument document = JsonDocument.Parse(output);
        long leaks = document.RootElement.TryGetProperty("leaks", out JsonElement found) ? found.GetInt64() : 0;
        long invented = clusters * ClusterSize / (ClusterSize - 1);

        Assert.Contains(leaks, new[] { 0, invented - clusters });
        Assert.DoesNotContain("ERROR", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Bug_2_an_image_with_tables_of_one_cluster_is_read_checked_and_created()
    {
        string fixture = Fixture.PathOf("images/table-1.qed");
        Assert.Equal(1, ImageInspection.Run(fixture, new ImageInspectionOptions()).TableSize);
        Assert.Equal(QedCheckStatus.Clean, Check(fixture).Status);
        Assert.Equal(4, Check(fixture).AllocatedClusters);

        string image = _folder.PathOf("new.qed");
        QedImageInfo info = Create(image, new() { SizeBytes = 1 << 30, ClusterSize = ClusterSize, TableSize = 1 });

        Assert.Equal((1 << 30, 2 * ClusterSize), (info.VirtualSize, info.FileSize));
        Assert.Equal(QedCheckStatus.Clean, Check(image).Status);
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Bug_2_QEMU_refuses_tables_of_one_cluster_or_agrees_with_us()
    {
        string fixture = Fixture.PathOf("images/table-1.qed");
        (int code, string output, string errors) = Qemu.Run("qemu-img", "info", "-f", "qed", "--output=json", fixture);
        if (code != 0)
        {
            Assert.Contains("table offset", errors, StringComparison.Ordinal);
            return;
        }

        using JsonDocument document = JsonDocument.Parse(output);
        Assert.Equal(ImageInspection.Run(fixture, new ImageInspectionOptions()).VirtualSize, document.RootElement.GetProperty("virtual-size").GetInt64());
    }

    [Theory]
    [InlineData(64 << 20, 8)]
    [InlineData(64 << 20, 16)]
    [InlineData(64 << 20, 2)]
    [InlineData(4 << 20, 4)]
    [InlineData(2 << 20, 16)]
    public void Bug_3_the_largest_size_saturates_instead_of_overflowing(int clusterSize, int tableSize)
    {
        string image = _folder.PathOf("new.qed");

        QedImageInfo info = Create(image, new() { SizeBytes = 1 << 20, ClusterSize = clusterSize, TableSize = tableSize });

        Assert.Equal(long.MaxValue / 512 * 512, info.MaxVirtualSize);
        Assert.Equal(QedCheckStatus.Clean, Check(image).Status);
    }

    // 4 MiB and 4: the product is 2^64. With larger clusters, a fixed QEMU would write a gigabyte of zeroes.
    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Bug_3_QEMU_refuses_the_geometries_that_overflow_or_makes_the_same_file()
    {
        string theirs = _folder.PathOf("theirs.qed");
        (int code, string output, string errors) = Qemu.Run(
            "qemu-img", "create", "-f", "qed", "-o", "cluster_size=4M,table_size=4", theirs, "1M");
        if (code != 0)
        {
            Assert.Contains("less than 0", output + errors, StringComparison.Ordinal);
            return;
        }

        Create(_folder.PathOf("ours.qed"), new() { SizeBytes = 1 << 20, ClusterSize = 4 << 20, TableSize = 4 });
        Assert.True(File.ReadAllBytes(theirs).AsSpan().SequenceEqual(File.ReadAllBytes(_folder.PathOf("ours.qed"))));
    }

    [Theory]
    [InlineData("damaged/dirty-corrupt.qed")]
    [InlineData("damaged/several.qed")]
    public void Bug_4_a_dirty_image_with_damage_is_not_opened_for_writing(string fixture)
    {
        string image = Fixture.CopyTo(_folder, fixture);
        var mark = ImageFiles.Mark(image);

        Assert.Throws<QedCorruptException>(() => DiskOpening.Run(
            image, new() { Writable = true }, progress: null, TestContext.Current.CancellationToken));

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Theory]
    [InlineData("damaged/double-one-table.qed", 1, 1)]
    [InlineData("damaged/double-two-tables.qed", 1, 1)]
    [InlineData("damaged/leak-in-middle.qed", 0, 1)]
    [InlineData("damaged/leak-at-end.qed", 0, 3)]
    public void Bug_4_double_references_and_leaks_are_found(string fixture, int corruptions, int leaks)
    {
        QedCheckResult result = Check(Fixture.CopyTo(_folder, fixture));

        Assert.Equal((corruptions, leaks), (result.CorruptionCount, result.LeakedClusters));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("damaged/double-one-table.qed")]
    [InlineData("damaged/double-two-tables.qed")]
    [InlineData("damaged/leak-in-middle.qed")]
    [InlineData("damaged/leak-at-end.qed")]
    public void Bug_4_damage_that_QEMU_does_not_repair_is_still_found(string fixture)
    {
        string image = Fixture.CopyTo(_folder, fixture);
        QedCheckResult before = Check(image);

        Qemu.Run("qemu-img", "check", "-f", "qed", "-r", "all", image);

        QedCheckResult after = Check(image);
        Assert.True(
            after == before with { Corruptions = after.Corruptions } || after.Status == QedCheckStatus.Clean,
            $"QEMU repaired some of it: {after.CorruptionCount} corruptions, {after.LeakedClusters} leaks");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Bug_4_QEMU_writes_to_a_dirty_image_with_damage_or_leaves_it_alone()
    {
        string image = Fixture.CopyTo(_folder, "damaged/dirty-corrupt.qed");
        byte[] before = File.ReadAllBytes(image);

        (int code, _, _) = Qemu.Run("qemu-io", "-f", "qed", "-c", "write -P 9 1M 4k", image);

        Assert.Equal(code == 0, !before.AsSpan().SequenceEqual(File.ReadAllBytes(image)));
    }

    [Fact]
    public void Bug_5_a_failed_create_leaves_nothing_and_an_existing_file_is_not_overwritten()
    {
        string image = _folder.PathOf("new.qed");
        Assert.Throws<QedLimitException>(
            () => Create(image, new() { SizeBytes = 1L << 40, ClusterSize = ClusterSize, TableSize = 2 }));
        Assert.Empty(Host.NamesIn(_folder));

        Host.WriteText(_folder, "new.qed", "precious");
        Assert.Throws<QedFileExistsException>(() => Create(image, new() { SizeBytes = 1 << 20 }));
        Assert.Throws<QedLimitException>(
            () => Create(image, new() { SizeBytes = 1L << 40, ClusterSize = ClusterSize, TableSize = 2, Replace = true }));
        Assert.Equal("precious", File.ReadAllText(image));
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Bug_5_QEMU_leaves_an_empty_file_or_none()
    {
        string image = _folder.PathOf("new.qed");

        (int code, _, _) = Qemu.Run("qemu-img", "create", "-f", "qed", "-o", "cluster_size=4096,table_size=2", image, "1T");

        Assert.NotEqual(0, code);
        Assert.True(!File.Exists(image) || new FileInfo(image).Length == 0);
    }

    [Fact]
    public void Bug_6_header_and_name_are_never_one_write_and_the_header_is_one_sector()
    {
        RecordingStorage storage = new(new MemoryStorage());
        QedImage.Create(storage, new QedGeometry(ClusterSize, 2), 1 << 20, new BackingReference(new string('o', 1000), IsRaw: true));
        using QedImage image = QedImage.Open(storage);
        storage.Forget();

        image.SetBacking(new BackingReference(new string('n', 1000), IsRaw: true));

        List<StorageEvent> writes = [.. storage.Changes.Where(step => step.IsWrite)];
        Assert.All(writes, step => Assert.True(step.End <= QedHeader.Size || step.Offset >= QedHeader.Size + 1000));
        Assert.True(storage.Changes.FindIndex(step => step.IsFlush) < storage.Changes.IndexOf(writes[^1]));
    }

    private static QedCheckResult Check(string image) =>
        ImageCheck.Run(image, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);

    private static QedImageInfo Create(string image, ImageCreationOptions options) =>
        ImageCreation.Run(image, options, TestContext.Current.CancellationToken);

    // Five L2 tables with all entries in use: 5133 clusters, most of them holes in the host file.
    private string MakeLongImage(out long clusters)
    {
        const int Tables = 5;
        const int Entries = 2 * ClusterSize / 8;
        string path = ImageFiles.Make(_folder.PathOf("long.qed"), size: Tables * Entries * ClusterSize);
        using FileStorage storage = FileStorage.Open(path, StorageAccess.Write);
        long next = 3;
        for (int i = 0; i < Tables; i++)
        {
            byte[] table = new byte[2 * ClusterSize];
            WriteEntry(storage, ClusterSize + (i * 8), next * ClusterSize);
            for (int j = 0; j < Entries; j++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(j * 8), (next + 2 + j) * ClusterSize);
            }

            storage.Write(next * ClusterSize, table);
            next += 2 + Entries;
        }

        storage.SetLength(next * ClusterSize);
        clusters = next;
        return path;
    }

    private static void WriteEntry(FileStorage storage, long offset, long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        storage.Write(offset, bytes);
    }
}
