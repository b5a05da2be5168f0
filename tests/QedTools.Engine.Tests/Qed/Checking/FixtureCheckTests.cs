using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Checking;

/// <summary>
/// What a check finds in the images that QEMU made. The numbers are those in the fixtures' README, counted by the engine's rules:
/// tables are claimed before any data; a table that two entries share is read once, and overlapping tables are both read; past
/// the end of the disk, every data entry is bad but an L1 entry is not, and the clusters that either refers to are in use.
/// </summary>
public sealed class FixtureCheckTests
{
    /// <summary>File, clusters in the file, then clusters of the disk: total, allocated, zero, fragmented.</summary>
    public static TheoryData<string, long, long, long, long, long> Images => new()
    {
        { "empty-default", 5, 16384, 0, 0, 0 },
        { "size-zero", 3, 0, 0, 0, 0 },
        { "size-at-limit", 6, 1048576, 1, 0, 0 },
        { "data-zero-hole", 11, 1536, 4, 5, 1 },
        { "checkerboard", 11, 256, 6, 1, 0 },
        { "backwards", 11, 256, 6, 0, 5 },
        { "allocated-zeroes", 11, 256, 6, 0, 1 },
        { "table-16", 52, 25600, 3, 1, 1 },
        { "scattered-default", 17, 49152, 4, 0, 1 },
        { "clusters-1m", 3, 1048576, 0, 0, 0 },
        { "table-1", 8, 768, 4, 1, 1 },
        { "header-2", 11, 2048, 3, 0, 1 },
        { "l1-at-end", 6, 256, 1, 0, 0 },
        { "size-unaligned", 7, 257, 2, 0, 1 },
        { "across-l2", 11, 2048, 4, 0, 0 },
        { "across-l2-contiguous", 11, 2048, 4, 2, 0 },
        { "base-4k", 17, 3072, 8, 1, 2 },
        { "base-8k", 17, 6144, 8, 1, 2 },
    };

    /// <summary>File, then clusters of the disk: total, allocated, zero, fragmented.</summary>
    public static TheoryData<string, long, long, long, long> Overlays => new()
    {
        { "base", 256, 8, 1, 1 },
        { "over-raw", 8, 2, 1, 1 },
        { "over-raw-probed", 8, 2, 1, 1 },
        { "over-disguised", 3, 0, 0, 0 },
        { "over-disguised-probed", 3, 0, 0, 0 },
        { "over-qed", 256, 2, 1, 1 },
        { "three-middle", 256, 2, 1, 0 },
        { "three-top", 256, 2, 0, 1 },
        { "over-other-folder", 3072, 0, 0, 0 },
        { "over-shorter", 16, 2, 0, 1 },
        { "over-longer", 5, 1, 0, 0 },
        { "Überlagerung 重ね", 8, 1, 0, 0 },
        { "over-name-cluster-2", 8, 0, 0, 0 },
        { "name-missing", 256, 0, 0, 0 },
        { "name-absolute", 256, 0, 0, 0 },
        { "name-nbd", 256, 0, 0, 0 },
        { "name-https", 256, 0, 0, 0 },
        { "name-json", 256, 0, 0, 0 },
        { "name-file-protocol", 256, 0, 0, 0 },
        { "name-unc", 256, 0, 0, 0 },
        { "name-windows-drive", 256, 0, 0, 0 },
        { "name-colon", 256, 0, 0, 0 },
        { "cycle-a", 256, 0, 0, 0 },
        { "cycle-b", 256, 0, 0, 0 },
        { "cycle-self", 256, 0, 0, 0 },
    };

    /// <summary>
    /// File, corruptions (only the first ones if there are many), number of corruptions, leaked clusters, allocated, zero, fragmented.
    /// </summary>
    public static TheoryData<string, string, long, long, long, long, long> Damaged => new()
    {
        { "dirty-clean", "", 0, 0, 3, 0, 1 },
        { "dirty-leaks", "", 0, 2, 3, 0, 1 },
        { "dirty-corrupt", "OutsideFile L2[0][1]=0x11000", 1, 1, 7, 1, 2 },
        { "leak-at-end", "", 0, 3, 8, 1, 2 },
        { "leak-in-middle", "", 0, 1, 7, 1, 2 },
        { "leak-table", "", 0, 5, 5, 0, 1 },
        { "tail", "", 0, 0, 8, 1, 2 },
        { "tail-leak", "", 0, 1, 8, 1, 2 },
        { "l2-misaligned", "Misaligned L2[0][1]=0xd000", 1, 1, 7, 1, 2 },
        { "l2-low-bits", "ReservedBits L2[0][1]=0x6002", 1, 1, 7, 1, 2 },
        { "l2-value-2", "ReservedBits L2[0][1]=0x2", 1, 1, 7, 1, 2 },
        { "l2-past-end", "OutsideFile L2[0][1]=0x11000", 1, 1, 7, 1, 2 },
        { "l2-huge", "OutsideFile L2[0][1]=0x8000000000006000", 1, 1, 7, 1, 2 },
        { "l2-wraps", "OutsideFile L2[0][1]=0xfffffffffffff000", 1, 1, 7, 1, 2 },
        { "l2-partial-cluster", "CutShort L2[0][1]=0x11000", 1, 1, 8, 1, 3 },
        { "l2-in-header", "InsideHeader L2[0][1]=0x1000", 1, 1, 2, 0, 0 },
        { "l1-misaligned", "Misaligned L1[1]=0x15000", 1, 5, 5, 0, 1 },
        { "l1-low-bits", "ReservedBits L1[1]=0xa002", 1, 5, 5, 0, 1 },
        { "l1-value-1", "ReservedBits L1[1]=0x1", 1, 5, 5, 0, 1 },
        { "l1-value-2", "ReservedBits L1[1]=0x2", 1, 5, 5, 0, 1 },
        { "l1-past-end", "OutsideFile L1[1]=0x11000", 1, 5, 5, 0, 1 },
        { "l1-huge", "OutsideFile L1[1]=0x800000000000a000", 1, 5, 5, 0, 1 },
        { "l1-wraps", "OutsideFile L1[1]=0xfffffffffffff000", 1, 5, 5, 0, 1 },
        { "l1-overhangs", "CutShort L1[1]=0x11000", 1, 5, 5, 0, 1 },
        { "l1-in-header", "InsideHeader L1[1]=0x1000", 1, 3, 2, 0, 1 },
        { "truncated", "CutShort L1[2]=0xf000", 1, 0, 8, 1, 2 },
        { "double-one-table", "DataAndData L2[0][9]=0x6000", 1, 1, 8, 1, 3 },
        { "double-two-tables", "DataAndData L2[1][1]=0x6000", 1, 1, 8, 1, 3 },
        { "data-at-earlier-l2", "DataAndTable L2[1][1]=0x4000", 1, 1, 8, 1, 3 },
        { "data-at-later-l2", "DataAndTable L2[0][1]=0xa000", 1, 1, 8, 1, 3 },
        { "data-at-own-l2", "DataAndTable L2[0][1]=0x4000", 1, 1, 8, 1, 2 },
        { "data-at-l1", "DataAndTable L2[0][1]=0x1000", 1, 1, 8, 1, 3 },

        // The table would consist of 4 KiB of data (512 entries with odd bits) and the first half of L2[1] again: this counts as one
        // bad entry.
        { "table-at-data", "DataAndTable L1[2]=0x9000", 1, 3, 7, 1, 2 },
        { "table-at-l1", "TableAndTable L1[2]=0x1000", 1, 3, 7, 1, 2 },
        { "table-shared", "TableAndTable L1[2]=0xa000", 1, 3, 7, 1, 2 },
        { "table-overlap", "TableAndTable L1[2]=0x12000", 1, 5, 7, 1, 2 },
        { "past-size-l2", "BeyondVirtualSize L2[2][3]=0xe000", 1, 0, 7, 1, 2 },
        { "past-size-l1", "BeyondVirtualSize L2[2][3]=0xe000", 1, 0, 7, 1, 2 },
        {
            "several",
            "ReservedBits L1[2]=0x1; ReservedBits L2[0][0]=0x3002; OutsideFile L2[0][1]=0x77000; DataAndData L2[0][9]=0x7000; "
            + "DataAndTable L2[1][1]=0x1000; OutsideFile L2[1][5]=0x8000000000000000",
            6, 10, 4, 1, 2
        },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void A_valid_image_is_clean(string name, long fileClusters, long total, long allocated, long zero, long fragmented)
    {
        using QedImage image = Open("images", name);
        QedCheckResult result = ImageChecker.Check(image.File, null, CancellationToken.None);

        Assert.Equal(QedCheckStatus.Clean, result.Status);
        Assert.False(result.NeedsCheck);
        Assert.Equal(string.Empty, Describe(result));
        Assert.Equal((total, allocated, zero, fragmented), Counts(result));
        Assert.Equal(0, result.LeakedClusters);
        Assert.Equal(fileClusters * image.Header.ClusterSize, result.ImageEndOffset);
        Assert.Equal(image.Storage.Path, result.Path);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void An_overlay_is_clean_whatever_its_backing_file(string name, long total, long allocated, long zero, long fragmented)
    {
        using QedImage image = Open("chains", name);
        QedCheckResult result = ImageChecker.Check(image.File, null, CancellationToken.None);

        Assert.Equal(QedCheckStatus.Clean, result.Status);
        Assert.Equal(string.Empty, Describe(result));
        Assert.Equal((total, allocated, zero, fragmented), Counts(result));
        Assert.Equal(0, result.LeakedClusters);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void All_damage_is_found_and_counted(
        string name, string corruptions, long corruptionCount, long leaked, long allocated, long zero, long fragmented)
    {
        using QedImage image = Open("damaged", name);
        QedCheckResult result = ImageChecker.Check(image.File, null, CancellationToken.None);

        QedCheckStatus status = corruptionCount > 0 ? QedCheckStatus.Corrupt : leaked > 0 ? QedCheckStatus.Leaks : QedCheckStatus.Clean;
        Assert.Equal(corruptions, Describe(result, corruptions.Split(';').Length));
        Assert.Equal(corruptionCount, result.CorruptionCount);
        Assert.Equal(corruptionCount, result.Corruptions.Count);
        Assert.Equal(status, result.Status);
        Assert.Equal(leaked, result.LeakedClusters);
        Assert.Equal(leaked * image.Header.ClusterSize, result.LeakedBytes);
        Assert.Equal((allocated, zero, fragmented), (result.AllocatedClusters, result.ZeroClusters, result.FragmentedClusters));
        Assert.Equal(name is "dirty-clean" or "dirty-leaks" or "dirty-corrupt" or "several", result.NeedsCheck);
    }

    [Theory]
    [InlineData("dirty-clean", 8)]
    [InlineData("leak-at-end", 17)]
    [InlineData("tail", 17)]
    [InlineData("tail-leak", 17)]
    [InlineData("several", 12)]
    [InlineData("l1-overhangs", 18)]
    [InlineData("truncated", 17)]
    [InlineData("past-size-l1", 17)]
    public void The_image_ends_after_the_last_cluster_in_use(string name, long clusters)
    {
        using QedImage image = Open("damaged", name);
        Assert.Equal(clusters * 4096, ImageChecker.Check(image.File, null, CancellationToken.None).ImageEndOffset);
    }

    [Fact]
    public void A_bad_entry_is_reported_with_the_disk_offset_that_it_maps()
    {
        using QedImage image = Open("damaged", "several");
        IReadOnlyList<QedCorruption> found = ImageChecker.Check(image.File, null, CancellationToken.None).Corruptions;

        Assert.Equal([8L << 20, 0, 4096, 9 * 4096, (4L << 20) + 4096, (4L << 20) + (5 * 4096)], found.Select(c => c.VirtualOffset));
    }

    [Theory]
    [InlineData("images")]
    [InlineData("chains")]
    [InlineData("damaged")]
    public void Every_image_fixture_is_in_one_of_these_tables(string folder)
    {
        IEnumerable<string> listed = folder switch
        {
            "images" => Images.Select(row => row.Data.Item1),
            "chains" => Overlays.Select(row => row.Data.Item1),
            _ => Damaged.Select(row => row.Data.Item1),
        };
        IEnumerable<string> present = Directory.GetFiles(Fixture.PathOf(folder), "*.qed").Select(file => Path.GetFileNameWithoutExtension(file)!);

        Assert.Equal(present.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static QedImage Open(string folder, string name) =>
        QedImage.Open(FileStorage.Open(Fixture.PathOf($"{folder}/{name}.qed"), StorageAccess.Inspect));

    private static (long Total, long Allocated, long Zero, long Fragmented) Counts(QedCheckResult result) =>
        (result.TotalClusters, result.AllocatedClusters, result.ZeroClusters, result.FragmentedClusters);

    private static string Describe(QedCheckResult result, int most = int.MaxValue) =>
        string.Join("; ", result.Corruptions.Take(most).Select(c => string.Format(
            CultureInfo.InvariantCulture,
            c.L2Index is null ? "{0} L1[{1}]=0x{3:x}" : "{0} L2[{1}][{2}]=0x{3:x}",
            c.Kind,
            c.L1Index,
            c.L2Index,
            c.Value)));
}
