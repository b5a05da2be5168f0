using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

public sealed class AllocationMapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Ranges as in the fixtures' README; @n is a cluster of the file, and everything not listed is unallocated.
    [Theory]
    [InlineData("empty-default.qed", 65536, "")]
    [InlineData("size-zero.qed", 4096, "")]
    [InlineData("size-at-limit.qed", 4096, "4194300K+4K @3")]
    [InlineData("data-zero-hole.qed", 4096, "0+8K @3; 16K+8K zero; 24K+4K @7; 64K+4K @8; 5M+12K zero")]
    [InlineData("checkerboard.qed", 4096, "0+4K @5; 8K+4K @6; 16K+4K @7; 24K+4K @8; 32K+4K @9; 40K+4K @10; 1020K+4K zero")]
    [InlineData("backwards.qed", 4096, "0+4K @10; 4K+4K @9; 8K+4K @8; 12K+4K @7; 16K+4K @6; 20K+4K @3")]
    [InlineData("allocated-zeroes.qed", 4096, "0+16K @3; 16K+4K @9; 32K+4K @10")]
    [InlineData("table-16.qed", 4096, "0+4K @17; 31M+8K @34; 33M+4K zero")]
    [InlineData("scattered-default.qed", 65536, "0+64K @5; 100M+64K @10; 1G+64K @11; 2560M+64K @12")]
    [InlineData("clusters-1m.qed", 1048576, "")]
    [InlineData("table-1.qed", 4096, "0+4K @2; 4K+4K @4; 12K+4K zero; 2044K+8K @5")]
    [InlineData("header-2.qed", 4096, "0+4K @4; 4K+4K @7; 4M+4K @8")]
    [InlineData("l1-at-end.qed", 4096, "8K+4K @3")]
    [InlineData("size-unaligned.qed", 4096, "0+4K @6; 1M+1536 @3")]
    [InlineData("across-l2.qed", 4096, "4088K+8K @3; 4M+8K @7")]
    [InlineData("across-l2-contiguous.qed", 4096, "0+4K zero; 4088K+16K @7; 5M+4K zero")]
    [InlineData("base-4k.qed", 4096, "0+4K @3; 4K+8K @6; 36K+4K @8; 4M+4K @9; 4100K+4K @12; 4116K+4K @13; 4124K+4K zero; 8204K+4K @14")]
    [InlineData("base-8k.qed", 8192, "0+8K @3; 8K+16K @6; 72K+8K @8; 16M+8K @9; 16392K+8K @12; 16424K+8K @13; 16440K+8K zero; 32792K+8K @14")]
    public void The_map_of_an_image_matches_its_contents_and_its_extents_are_as_long_as_possible(string name, int clusterSize, string contents)
    {
        string path = Fixture.PathOf("images/" + name);

        List<QedExtent> map = Map(path, new());

        Assert.Equal(Expected(contents, clusterSize), map.Where(extent => extent.State != QedExtentState.Unallocated).Select(Brief));
        RequireWhole(map, ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize);
        Assert.All(map, extent => Assert.Equal((path, 0), (extent.Path, extent.Depth)));
    }

    // d1 and d2 are depths in the chain.
    [Theory]
    [InlineData("over-raw.qed", "0+4K @3; 4K+4K @1 d1; 8K+4K zero; 12K+4K @6; 16K+16K @4 d1")]
    [InlineData("over-disguised.qed", "0+12K @0 d1")]
    [InlineData("over-longer.qed", "0+4K @0 d1; 4K+4K @3; 8K+10K @2 d1")]
    [InlineData("over-shorter.qed", "0+8K @0 d1; 8K+4K @3; 32K+4K @6")]
    [InlineData("over-qed.qed", "0+4K @3 d1; 4K+4K @3; 8K+8K @5 d1; 64K+4K zero; 68K+12K @10 d1; 128K+4K zero d1; 512K+4K @6")]
    [InlineData("three-top.qed", "0+8K @3 d2; 8K+4K @3 d1; 12K+4K @3; 64K+4K @9 d2; 68K+4K zero d1; 72K+8K @11 d2; 128K+4K zero d2; 256K+4K @6")]
    public void The_map_through_the_chain_shows_which_layer_decides(string name, string contents)
    {
        string path = Fixture.PathOf("chains/" + name);
        string[] layers = [.. ImageInspection.RunOverChain(path, new ImageInspectionOptions()).Select(layer => layer.Path)];

        List<QedExtent> map = Map(path, new() { BackingChain = true });

        Assert.Equal(Expected(contents, 4096), map.Where(extent => extent.State != QedExtentState.Unallocated).Select(Brief));
        RequireWhole(map, ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize);
        Assert.All(map, extent => Assert.Equal(layers[extent.Depth], extent.Path));
    }

    [Fact]
    public void Without_the_chain_the_contents_of_backing_files_are_unallocated_and_the_files_are_not_opened()
    {
        Assert.Equal(
            Expected("4K+4K @3; 64K+4K zero; 512K+4K @6", 4096),
            Map(Fixture.PathOf("chains/over-qed.qed"), new()).Where(extent => extent.State != QedExtentState.Unallocated).Select(Brief));

        foreach (string name in new[] { "name-missing.qed", "name-nbd.qed", "cycle-self.qed" })
        {
            QedExtent extent = Assert.Single(Map(Fixture.PathOf("chains/" + name), new()));
            Assert.Equal((0, 1 << 20, QedExtentState.Unallocated, 0), (extent.Start, extent.Length, extent.State, extent.Depth));
        }
    }

    [Theory]
    [InlineData("name-missing.qed", typeof(QedBackingFileNotFoundException))]
    [InlineData("name-nbd.qed", typeof(QedBackingFileRefusedException))]
    [InlineData("cycle-a.qed", typeof(QedBackingChainException))]
    public void A_broken_chain_is_an_error_if_the_chain_is_mapped(string name, Type error) =>
        Assert.Equal(error, Assert.ThrowsAny<QedException>(() => Map(Fixture.PathOf("chains/" + name), new() { BackingChain = true })).GetType());

    // short.raw ends at 10000, inside a cluster that the overlay does not have.
    [Fact]
    public void The_range_past_the_end_of_a_backing_file_is_unallocated_from_that_byte_on()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"), Fixture.PathOf("chains/short.raw"), isRaw: true, size: 65536);

        List<QedExtent> map = Map(image, new() { BackingChain = true });

        Assert.Equal(
            [
                new QedExtent(0, 10000, QedExtentState.Data, 0, 1, Fixture.PathOf("chains/short.raw")),
                new QedExtent(10000, 55536, QedExtentState.Unallocated, null, 0, image),
            ],
            map);
    }

    [Fact(Skip = Host.NotTellingHoles, SkipUnless = nameof(Host.TellsHoles), SkipType = typeof(Host))]
    public void Holes_in_a_raw_backing_file_are_zeroes_of_that_layer()
    {
        using (FileStorage raw = FileStorage.CreateNew(_folder.PathOf("sparse.raw")))
        {
            raw.SetLength(1 << 20);
            raw.Write(512 << 10, new byte[64 << 10]);
        }

        string image = ImageFiles.Make(_folder.PathOf("image.qed"), "sparse.raw", isRaw: true);

        List<QedExtent> map = Map(image, new() { BackingChain = true });

        Assert.Equal([QedExtentState.Zero, QedExtentState.Data, QedExtentState.Zero], map.Select(extent => extent.State));
        Assert.Equal([0L, 512 << 10, 576 << 10], map.Select(extent => extent.Start));
        Assert.Equal([null, 512L << 10, null], map.Select(extent => extent.FileOffset));
        Assert.All(map, extent => Assert.Equal((1, _folder.PathOf("sparse.raw")), (extent.Depth, extent.Path)));
    }

    [Theory]
    [InlineData("images/base-4k.qed", false)]
    [InlineData("images/across-l2-contiguous.qed", false)]
    [InlineData("images/size-unaligned.qed", false)]
    [InlineData("chains/three-top.qed", true)]
    [InlineData("chains/over-shorter.qed", true)]
    public void A_part_of_the_map_is_the_whole_map_cut_at_both_ends(string fixture, bool chain)
    {
        string path = Fixture.PathOf(fixture);
        List<QedExtent> whole = Map(path, new() { BackingChain = chain });
        long size = ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize;
        long[] edges =
        [
            .. whole.Select(extent => extent.Start).Concat([0, 1, 512, 4095, 4097, size / 2, size - 1, size])
                .SelectMany(at => new[] { at - 1, at, at + 1 }).Where(at => at >= 0 && at <= size).Distinct().Order(),
        ];
        foreach (long start in edges)
        {
            foreach (long end in edges.Where(end => end >= start).Append(size + 1).Append(long.MaxValue - start))
            {
                List<QedExtent> part = Map(path, new() { BackingChain = chain, Offset = start, Length = end - start });

                Assert.Equal(Cut(whole, start, end), part);
            }

            Assert.Equal(Cut(whole, start, size), Map(path, new() { BackingChain = chain, Offset = start }));
        }
    }

    [Fact]
    public void States_select_extents_and_change_none()
    {
        string path = Fixture.PathOf("chains/three-top.qed");
        List<QedExtent> whole = Map(path, new() { BackingChain = true });
        QedExtentState[] all = Enum.GetValues<QedExtentState>();
        for (int set = 0; set < 1 << all.Length; set++)
        {
            QedExtentState[] states = [.. all.Where((_, i) => (set & (1 << i)) != 0)];

            List<QedExtent> chosen = Map(path, new() { BackingChain = true, States = states });

            Assert.Equal(whole.Where(extent => set == 0 || states.Contains(extent.State)), chosen);
        }

        Assert.Equal(
            Cut(whole, 9000, 90000).Where(extent => extent.State == QedExtentState.Zero),
            Map(path, new() { BackingChain = true, Offset = 9000, Length = 81000, States = [QedExtentState.Zero] }));
    }

    [Theory]
    [InlineData(-1, null, "Offset")]
    [InlineData(1048577, null, "Offset")]
    [InlineData(long.MinValue, null, "Offset")]
    [InlineData(long.MaxValue, 1L, "Offset")]
    [InlineData(0, -1L, "Length")]
    public void A_range_that_is_not_on_the_disk_is_refused(long offset, long? length, string parameter)
    {
        QedLimitException error = Assert.Throws<QedLimitException>(
            () => Map(Fixture.PathOf("chains/base.qed"), new() { Offset = offset, Length = length }));

        Assert.Equal(parameter, error.Parameter);
    }

    [Fact]
    public void The_end_of_the_disk_is_an_empty_range()
    {
        Assert.Empty(Map(Fixture.PathOf("chains/base.qed"), new() { Offset = 1 << 20 }));
        Assert.Empty(Map(Fixture.PathOf("chains/base.qed"), new() { Offset = 100, Length = 0 }));
        Assert.Empty(Map(Fixture.PathOf("images/size-zero.qed"), new()));
    }

    [Fact]
    public void The_image_is_locked_while_the_map_is_read_and_unlocked_when_that_ends_early()
    {
        string image = Fixture.CopyTo(_folder, "images/base-4k.qed");
        using (IEnumerator<QedExtent> map = Enumerate(image, new()).GetEnumerator())
        {
            Assert.True(map.MoveNext());
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(image, StorageAccess.Write));
        }

        FileStorage.Open(image, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void An_image_that_is_being_written_to_is_refused_unless_the_caller_insists()
    {
        string image = Fixture.CopyTo(_folder, "images/base-4k.qed");
        using FileStorage writer = FileStorage.Open(image, StorageAccess.Write);

        Assert.Throws<QedImageInUseException>(() => Map(image, new()));
        Assert.Equal(
            Map(Fixture.PathOf("images/base-4k.qed"), new()).Select(Brief), Map(image, new() { ForceShare = true }).Select(Brief));
    }

    [Fact]
    public void A_dirty_image_is_read_and_not_changed()
    {
        string image = Fixture.CopyTo(_folder, "damaged/dirty-clean.qed");
        var mark = ImageFiles.Mark(image);

        Assert.NotEmpty(Map(image, new()));

        Assert.Equal(mark, ImageFiles.State(image));
    }

    // L2[0][1] is bad in the first two, L1[1], which maps the disk from 4 MiB on, in the last.
    [Theory]
    [InlineData("damaged/l2-past-end.qed", 4096)]
    [InlineData("damaged/l2-low-bits.qed", 4096)]
    [InlineData("damaged/l1-past-end.qed", 4194304)]
    public void Extents_before_a_bad_entry_are_returned_before_the_error(string fixture, long badAt)
    {
        List<QedExtent> seen = [];

        Assert.Throws<QedCorruptException>(() =>
        {
            foreach (QedExtent extent in Enumerate(Fixture.PathOf(fixture), new()))
            {
                seen.Add(extent);
            }
        });

        Assert.Equal(badAt, seen.Sum(extent => extent.Length));
    }

    [Fact]
    public void The_map_after_a_bad_entry_can_still_be_requested()
    {
        List<QedExtent> rest = Map(Fixture.PathOf("damaged/l2-past-end.qed"), new() { Offset = 8192 });

        Assert.Equal(8192, rest[0].Start);
        Assert.Equal(12582912 - 8192, rest.Sum(extent => extent.Length));
    }

    [Fact]
    public void The_walk_stops_when_cancelled()
    {
        using CancellationTokenSource source = new();
        using IEnumerator<QedExtent> map =
            ImageMapping.Run(Fixture.PathOf("images/checkerboard.qed"), new(), source.Token).GetEnumerator();
        Assert.True(map.MoveNext());
        source.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            while (map.MoveNext())
            {
            }
        });
    }

    private static List<QedExtent> Map(string path, ImageMappingOptions options) => [.. Enumerate(path, options)];

    private static IEnumerable<QedExtent> Enumerate(string path, ImageMappingOptions options) =>
        ImageMapping.Run(path, options, TestContext.Current.CancellationToken);

    private static List<QedExtent> Cut(IEnumerable<QedExtent> whole, long start, long end) =>
    [
        .. from extent in whole
           let first = Math.Max(start, extent.Start)
           let last = Math.Min(end, extent.Start + extent.Length)
           where first < last
           select extent with { Start = first, Length = last - first, FileOffset = extent.FileOffset + first - extent.Start },
    ];

    private static void RequireWhole(List<QedExtent> map, long size)
    {
        long at = 0;
        QedExtent? previous = null;
        foreach (QedExtent extent in map)
        {
            Assert.Equal(at, extent.Start);
            Assert.True(extent.Length > 0, "an extent has a length");
            Assert.Equal(extent.State == QedExtentState.Data, extent.FileOffset is not null);
            Assert.False(
                previous is not null && previous.State == extent.State && previous.Depth == extent.Depth
                && previous.FileOffset + previous.Length == extent.FileOffset,
                $"{previous} and {extent} are one");
            at += extent.Length;
            previous = extent;
        }

        Assert.Equal(size, at);
    }

    private static (long Start, long Length, long? FileOffset, int Depth) Brief(QedExtent extent) =>
        (extent.Start, extent.Length, extent.FileOffset, extent.Depth);

    private static IEnumerable<(long Start, long Length, long? FileOffset, int Depth)> Expected(string contents, int clusterSize) =>
        contents.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(range =>
        {
            string[] words = range.Split(' ');
            string[] sizes = words[0].Split('+');
            return (
                Bytes(sizes[0]),
                Bytes(sizes[1]),
                words[1] == "zero" ? (long?)null : long.Parse(words[1][1..], CultureInfo.InvariantCulture) * clusterSize,
                words.Length > 2 ? int.Parse(words[2][1..], CultureInfo.InvariantCulture) : 0);
        });

    private static long Bytes(string size) => size[^1] switch
    {
        'K' => long.Parse(size[..^1], CultureInfo.InvariantCulture) << 10,
        'M' => long.Parse(size[..^1], CultureInfo.InvariantCulture) << 20,
        'G' => long.Parse(size[..^1], CultureInfo.InvariantCulture) << 30,
        _ => long.Parse(size, CultureInfo.InvariantCulture),
    };
}
