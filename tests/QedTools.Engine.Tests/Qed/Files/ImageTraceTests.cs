using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using QedTools.Qed.Files;
using QedTools.Qed.Format;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Files;

/// <summary>What an operation's trace reports about an image's file.</summary>
public sealed partial class ImageTraceTests : IDisposable
{
    private const int ClusterSize = 4096;

    private readonly TempFolder _folder = new();
    private readonly List<string> _details = [];
    private readonly List<string> _decisions = [];

    private OperationTrace Trace => new() { Decision = _decisions.Add, Detail = _details.Add };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_listener_there_is_no_trace()
    {
        QedGeometry geometry = new(ClusterSize, 2);
        Assert.Null(ImageTrace.Of(null, "x.qed", geometry));
        Assert.Null(ImageTrace.Of(new OperationTrace { Decision = _decisions.Add }, "x.qed", geometry));
    }

    [Fact]
    public void Adjacent_ranges_become_one_line()
    {
        ImageTrace trace = NewTrace();
        trace.Mapped(0, 8192, new ClusterEntry(0x5000));
        trace.Mapped(8192, 4096, new ClusterEntry(0x7000));
        trace.Mapped(12288, 4096, new ClusterEntry(0x9000));
        trace.Overwritten(0, 0x5000, 10);
        trace.Overwritten(10, 0x500a, 6);
        trace.Zeroed(16, 0x5010, 16);
        trace.Mapped(32768, 4096, new ClusterEntry(ClusterEntry.ZeroValue));
        trace.Mapped(36864, 4096, new ClusterEntry(ClusterEntry.ZeroValue));
        trace.Mapped(65536, 4096, default);
        trace.Flush();
        trace.Flush();
        Assert.Equal(
            [
                "x.qed: virtual 0-12287 now in new clusters at 0x5000-0x7fff.",
                "x.qed: virtual 12288-16383 now in new clusters at 0x9000-0x9fff.",
                "x.qed: virtual 0-15 overwritten at 0x5000-0x500f.",
                "x.qed: virtual 16-31 overwritten with zeroes at 0x5010-0x501f.",
                "x.qed: virtual 32768-40959 marked as zeroes.",
                "x.qed: virtual 65536-69631 now unallocated.",
            ],
            _details);
    }

    [Fact]
    public void Entries_that_refer_to_adjacent_clusters_become_one_line()
    {
        ImageTrace trace = NewTrace();
        trace.Repointed(isL1: false, 0x4000, 5, 0x9000);
        trace.Repointed(isL1: false, 0x4000, 6, 0xa000);
        trace.Repointed(isL1: false, 0x4000, 7, 0xc000);
        trace.Repointed(isL1: false, 0x4000, 8, null);
        trace.Repointed(isL1: false, 0x4000, 9, null);
        trace.Repointed(isL1: true, 0x1000, 0, 0x6000);
        trace.Repointed(isL1: true, 0x1000, 1, 0x8000);
        trace.Resized(40960);
        Assert.Equal(
            [
                "x.qed: entries 5 to 6 of the L2 table at 0x4000 now point to 0x9000-0xafff.",
                "x.qed: entry 7 of the L2 table at 0x4000 now points to 0xc000-0xcfff.",
                "x.qed: entries 8 to 9 of the L2 table at 0x4000 cleared.",
                "x.qed: entries 0 to 1 of the L1 table now point to 0x6000-0x9fff.",
                "x.qed: file length set to 40960 bytes (0xa000).",
            ],
            _details);
    }

    [Fact]
    public void Lines_keep_the_order_of_events()
    {
        ImageTrace trace = NewTrace();
        trace.Mapped(0, 4096, new ClusterEntry(0x5000));
        trace.Repointed(isL1: false, 0x3000, 1, 0x7000);
        trace.Overwritten(4096, 0x7000, 1);
        trace.Flush();
        Assert.Equal(
            [
                "x.qed: virtual 0-4095 now in new clusters at 0x5000-0x5fff.",
                "x.qed: entry 1 of the L2 table at 0x3000 now points to 0x7000-0x7fff.",
                "x.qed: virtual 4096-4096 overwritten at 0x7000-0x7000.",
            ],
            _details);
    }

    [Fact]
    public void The_trace_of_random_writes_shows_where_they_went() => Seeded.Run(firstSeed: 1, rounds: 20, random =>
    {
        _details.Clear();
        string path = ImageFiles.Make(_folder.PathOf("random.qed"), size: 6 << 20);
        using (DiskStream stream = DiskOpening.Run(
            path, new DiskOpeningOptions { Writable = true, Trace = Trace }, progress: null, TestContext.Current.CancellationToken))
        {
            for (int i = 0; i < 60; i++)
            {
                byte[] data = new byte[random.Next(1, 40_000)];
                random.NextBytes(data);
                stream.Position = random.NextInt64(stream.Length - data.Length);
                stream.Write(data);
                if (random.Next(8) == 0)
                {
                    stream.Flush();
                }
            }
        }

        SortedDictionary<long, long> reported = [];
        foreach (Match match in _details.Select(line => NewClusters().Match(line)).Where(match => match.Success))
        {
            long from = long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            long to = long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            long offset = long.Parse(match.Groups[3].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            for (long at = from; at < to; at += ClusterSize)
            {
                Assert.True(reported.TryAdd(at, offset + (at - from)), $"The cluster at {at} was reported twice.");
            }
        }

        SortedDictionary<long, long> mapped = [];
        foreach (QedExtent extent in ImageMapping.Run(path, new ImageMappingOptions(), TestContext.Current.CancellationToken))
        {
            for (long at = 0; extent.State == QedExtentState.Data && at < extent.Length; at += ClusterSize)
            {
                mapped.Add(extent.Start + at, extent.FileOffset!.Value + at);
            }
        }

        Assert.Equal(mapped, reported);
    });

    [Fact]
    public void Tracing_does_not_change_a_byte_of_the_result()
    {
        string source = Fixture.PathOf("images/scattered-default.qed");
        string alone = _folder.PathOf("alone.qed");
        string followed = _folder.PathOf("followed.qed");
        DiskConversionOptions options = new() { ClusterSize = 16384, TableSize = 2 };
        DiskConversion.Run(source, alone, options, progress: null, TestContext.Current.CancellationToken);
        DiskConversion.Run(source, followed, options with { Trace = Trace }, progress: null, TestContext.Current.CancellationToken);
        Assert.NotEmpty(_details);
        using FileStream one = File.OpenRead(alone);
        using FileStream other = File.OpenRead(followed);
        Assert.Equal(one.Length, other.Length);
        Assert.True(AreEqual(one, other));
    }

    [Fact]
    public void Each_operation_reports_its_files()
    {
        string bottom = Fixture.CopyTo(_folder, "chains/base.qed");
        string top = Fixture.CopyTo(_folder, "chains/over-qed.qed");
        string bad = Fixture.CopyTo(_folder, "damaged/several.qed");
        System.Threading.CancellationToken token = TestContext.Current.CancellationToken;

        AssertReports(() => ImageInspection.Run(top, new ImageInspectionOptions { Trace = Trace }), "over-qed.qed");
        AssertReports(() => Assert.Equal(2, ImageInspection.RunOverChain(top, new ImageInspectionOptions { Trace = Trace }).Count()), "over-qed.qed", "base.qed");
        AssertReports(() => ImageCheck.Run(top, new ImageCheckOptions { Trace = Trace }, progress: null, token), "over-qed.qed");
        AssertReports(() => Assert.NotEmpty(ImageMapping.Run(top, new ImageMappingOptions { BackingChain = true, Trace = Trace }, token)), "over-qed.qed", "base.qed");
        AssertReports(() => DiskComparison.Run(top, bottom, new DiskComparisonOptions { Trace = Trace }, progress: null, token), "over-qed.qed", "base.qed");
        AssertReports(() => ImageCreation.Run(_folder.PathOf("new.qed"), new ImageCreationOptions { SizeBytes = 1 << 20, Trace = Trace }, token), "new.qed");
        AssertReports(() => DiskConversion.Run(top, _folder.PathOf("flat.qed"), new DiskConversionOptions { Trace = Trace }, progress: null, token), "over-qed.qed", "base.qed", "flat.qed");
        AssertReports(() => ImageResize.Run(top, 2 << 20, new ImageResizeOptions { Trace = Trace }, progress: null, token), "over-qed.qed", "base.qed");
        AssertReports(() => ImageOptimization.Run(bottom, new ImageOptimizationOptions { Trace = Trace }, progress: null, token), "base.qed");
        AssertReports(() => DiskMerge.Run(top, new DiskMergeOptions { Trace = Trace }, progress: null, token), "over-qed.qed", "base.qed");
        AssertReports(() => BackingFileChange.Run(top, new BackingFileChangeOptions { Trace = Trace }, progress: null, token), "over-qed.qed");
        AssertReports(() => ImageRepair.Run(bad, new ImageRepairOptions { Trace = Trace }, progress: null, token), "several.qed");
        AssertReports(() => DiskOpening.Run(top, new DiskOpeningOptions { Trace = Trace }, progress: null, token).Dispose(), "over-qed.qed");
    }

    private void AssertReports(Action operation, params string[] files)
    {
        _details.Clear();
        operation();
        foreach (string file in files)
        {
            Assert.Contains(_details, line => line.StartsWith(file + ": header: ", StringComparison.Ordinal));
        }

        Assert.All(_details, line => Assert.Matches(@"^\S+: .*\.$", line));
    }

    private ImageTrace NewTrace() => ImageTrace.Of(Trace, _folder.PathOf("x.qed"), new QedGeometry(ClusterSize, 2))!;

    private static bool AreEqual(FileStream one, FileStream other)
    {
        byte[] oneData = new byte[1 << 20];
        byte[] otherData = new byte[1 << 20];
        while (one.ReadAtLeast(oneData, oneData.Length, throwOnEndOfStream: false) is > 0 and int count)
        {
            other.ReadExactly(otherData, 0, count);
            if (!oneData.AsSpan(0, count).SequenceEqual(otherData.AsSpan(0, count)))
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(@"virtual (\d+)-(\d+) now in new clusters at 0x([0-9a-f]+)-")]
    private static partial Regex NewClusters();
}
