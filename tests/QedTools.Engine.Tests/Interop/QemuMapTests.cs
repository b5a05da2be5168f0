using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Storage;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>The allocation map is the same as that of qemu-img map.</summary>
/// <remarks>
/// QEMU reports present: false for ranges that no layer allocates, and gives them the depth of the lowest layer; here, both sides
/// get depth 0. It also reports an offset for holes in raw files, and QedTools does not.
/// </remarks>
public sealed class QemuMapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>All valid images except the one with tables of one cluster, which QEMU refuses.</summary>
    public static TheoryData<string> Images { get; } = new(
        from path in Directory.EnumerateFiles(Fixture.PathOf("images"), "*.qed")
        let name = Path.GetFileName(path)
        where name != "table-1.qed"
        orderby name
        select "images/" + name);

    /// <summary>The overlays whose chain can be opened. Cycles and protocols must not be among them: QEMU hangs or connects.</summary>
    public static TheoryData<string> Chains { get; } = new(
        from path in Directory.EnumerateFiles(Fixture.PathOf("chains"), "*.qed")
        let name = Path.GetFileName(path)
        where !name.StartsWith("cycle-", StringComparison.Ordinal)
            && !name.StartsWith("name-", StringComparison.Ordinal)
            && name != "over-disguised-probed.qed"
        orderby name
        select "chains/" + name);

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Images))]
    [MemberData(nameof(Chains))]
    public void The_map_through_the_chain_matches_QEMUs(string name) => RequireSameMap(Fixture.PathOf(name), chain: true);

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Images))]
    [MemberData(nameof(Chains))]
    public void The_map_of_the_image_alone_matches_QEMUs_without_a_backing_file(string name) =>
        RequireSameMap(Fixture.PathOf(name), chain: false);

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Holes_in_a_raw_backing_file_are_mapped_as_QEMU_maps_them()
    {
        using (FileStorage raw = FileStorage.CreateNew(_folder.PathOf("sparse.raw")))
        {
            raw.SetLength(1 << 20);
            raw.Write(512 << 10, new byte[64 << 10]);
            raw.Write((1 << 20) - 4096, new byte[4096]);
        }

        RequireSameMap(ImageFiles.Make(_folder.PathOf("image.qed"), "sparse.raw", isRaw: true, size: 2 << 20), chain: true);
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void An_image_with_scattered_writes_by_QEMU_is_mapped_as_QEMU_maps_it()
    {
        string image = _folder.PathOf("image.qed");
        string lower = ImageFiles.Make(_folder.PathOf("lower.qed"), size: 32 << 20);
        Qemu.Io(lower, "qed", "write -P 1 0 64k", "write -z 128k 64k", "write -P 2 4190000 9000", "write -P 3 31M 1M");
        ImageCreation.Run(
            image,
            new() { BackingFile = "lower.qed", ClusterSize = 8192, TableSize = 2, SizeBytes = 40 << 20 },
            TestContext.Current.CancellationToken);
        Qemu.Io(
            image, "qed", "write -P 4 8k 8k", "write -P 5 150k 1k", "write -z 16k 8k", "write -P 6 39M 1M", "write -P 7 30M 24k");

        RequireSameMap(image, chain: true);
        RequireSameMap(image, chain: false);
    }

    // QEMU treats a raw file's last sector as complete, and reports the part past the end of the file as zeroes of that file.
    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void A_raw_backing_file_that_ends_inside_a_sector_differs_only_in_that_sector()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"), Fixture.PathOf("chains/short.raw"), isRaw: true, size: 65536);

        List<Extent> ours = Ours(image, chain: true);
        List<Extent> theirs = Theirs(image, chain: true);

        Assert.Equal(ours[0], theirs[0]);
        Assert.Equal(10000, ours[0].Length);
        Assert.All(theirs.Skip(1), extent => Assert.NotEqual(QedExtentState.Data, extent.State));
        Assert.Equal(ours[1].Start + ours[1].Length, theirs[^1].Start + theirs[^1].Length);
    }

    private static void RequireSameMap(string path, bool chain) => Assert.Equal(Theirs(path, chain), Ours(path, chain));

    private static List<Extent> Ours(string path, bool chain) => Joined(
        from extent in ImageMapping.Run(
            path, new() { BackingChain = chain }, TestContext.Current.CancellationToken)
        select new Extent(extent.Start, extent.Length, extent.State, extent.Depth, extent.FileOffset));

    private static List<Extent> Theirs(string path, bool chain)
    {
        string alone = "json:" + JsonSerializer.Serialize(
            new { driver = "qed", backing = (string?)null, file = new { driver = "file", filename = path } });
        string output = chain ? Qemu.Img("map", "-f", "qed", "--output=json", path) : Qemu.Img("map", "--output=json", alone);
        using JsonDocument document = JsonDocument.Parse(output);
        List<Extent> extents = [];
        foreach (JsonElement extent in document.RootElement.EnumerateArray())
        {
            Assert.SkipUnless(extent.TryGetProperty("present", out JsonElement present), "this qemu-img does not tell zero from unallocated");
            QedExtentState state = extent.GetProperty("data").GetBoolean() ? QedExtentState.Data
                : present.GetBoolean() ? QedExtentState.Zero
                : QedExtentState.Unallocated;
            extents.Add(new Extent(
                extent.GetProperty("start").GetInt64(),
                extent.GetProperty("length").GetInt64(),
                state,
                state == QedExtentState.Unallocated ? 0 : extent.GetProperty("depth").GetInt32(),
                state == QedExtentState.Data ? extent.GetProperty("offset").GetInt64() : null));
        }

        return Joined(extents);
    }

    private static List<Extent> Joined(IEnumerable<Extent> extents)
    {
        List<Extent> joined = [];
        foreach (Extent extent in extents.Where(extent => extent.Length > 0))
        {
            if (joined.Count > 0 && joined[^1] is var last
                && last.State == extent.State && last.Depth == extent.Depth
                && last.FileOffset + last.Length == extent.FileOffset)
            {
                joined[^1] = last with { Length = last.Length + extent.Length };
            }
            else
            {
                joined.Add(extent);
            }
        }

        return joined;
    }

    private sealed record Extent(long Start, long Length, QedExtentState State, int Depth, long? FileOffset);
}
