using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Changes of a disk's size.</summary>
public sealed class ResizeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Images =>
        ["data-zero-hole.qed", "base-4k.qed", "base-8k.qed", "size-unaligned.qed", "table-1.qed", "table-16.qed", "header-2.qed", "l1-at-end.qed", "across-l2.qed"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Images))]
    public void A_plan_to_shrink_reports_exactly_how_much_is_lost(string name)
    {
        string path = Fixture.CopyTo(_folder, "images/" + name);
        QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());
        Random random = new(Seeds.One);
        ImageResizeOptions options = new() { Shrink = true };
        byte[] before = File.ReadAllBytes(path);
        long[] sizes = [512, info.VirtualSize, .. Enumerable.Range(0, 20).Select(_ => random.NextInt64(1, info.VirtualSize + 1))];
        foreach (long size in sizes)
        {
            ImageResizePlan plan = ImageResize.Plan(path, size, options, TestContext.Current.CancellationToken);
            long rounded = (size + 511) / 512 * 512;
            Assert.Equal((info.VirtualSize, rounded), (plan.OldSize, plan.NewSize));
            Assert.Equal(DataOffsetAfter(path, rounded), plan.DiscardedBytes);
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Data_that_was_cut_off_does_not_come_back(string name)
    {
        string path = Fixture.CopyTo(_folder, "images/" + name);
        long size = ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize;
        byte[] content = DiskBytes.OfFile(path);
        Random random = new(Seeds.One);
        for (int round = 0; round < 6; round++)
        {
            long smaller = Math.Max(512, random.NextInt64(1, size) / 512 * 512);
            QedImageInfo info = Resize(path, smaller, shrink: true);
            Assert.Equal((smaller, false), (info.VirtualSize, info.NeedsCheck));
            AssertClean(path);
            Resize(path, size, shrink: false);
            AssertClean(path);
            content.AsSpan((int)smaller).Clear();
            Assert.Equal(content, DiskBytes.OfFile(path));
        }
    }

    [Fact]
    public void Impossible_sizes_are_refused_and_change_nothing()
    {
        string path = Fixture.CopyTo(_folder, "images/base-4k.qed");
        byte[] before = File.ReadAllBytes(path);
        long most = new QedGeometry(4096, 2).MaxVirtualSize;
        foreach (long size in new[] { most + 1, long.MaxValue, -1 })
        {
            QedLimitException error = Assert.Throws<QedLimitException>(() => Resize(path, size, shrink: true));
            Assert.Contains(most.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
            Assert.Throws<QedLimitException>(() => ImageResize.Plan(path, size, new ImageResizeOptions { Shrink = true }, TestContext.Current.CancellationToken));
        }

        QedShrinkException smaller = Assert.Throws<QedShrinkException>(() => Resize(path, 4096, shrink: false));
        Assert.Equal(QedRemedy.AllowShrinking, smaller.Remedy);
        Resize(path, ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize, shrink: false);
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal(most, Resize(path, most, shrink: false).VirtualSize);
        AssertClean(path);
    }

    [Fact]
    public void A_size_is_rounded_up_to_whole_sectors()
    {
        string path = Fixture.CopyTo(_folder, "images/base-4k.qed");
        Assert.Equal(20_000_256, Resize(path, 20_000_001, shrink: false).VirtualSize);
    }

    [Fact]
    public void New_space_reads_as_zeroes_even_where_the_backing_file_continues()
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), [.. Enumerable.Repeat((byte)5, 300_000)]);
        string path = _folder.PathOf("over.qed");
        ImageCreation.Run(path, new ImageCreationOptions { BackingFile = "base.raw", SizeBytes = 10_240 }, TestContext.Current.CancellationToken);
        Resize(path, 400_384, shrink: false);
        byte[] expected = new byte[400_384];
        expected.AsSpan(0, 10_240).Fill(5);
        Assert.Equal(expected, DiskBytes.OfFile(path));
        Resize(path, 5_120, shrink: true);
        Resize(path, 400_384, shrink: false);
        expected.AsSpan(5_120).Clear();
        Assert.Equal(expected, DiskBytes.OfFile(path));
        AssertClean(path);
    }

    private static QedImageInfo Resize(string path, long size, bool shrink) =>
        ImageResize.Run(path, size, new ImageResizeOptions { Shrink = shrink }, progress: null, TestContext.Current.CancellationToken);

    private static long DataOffsetAfter(string path, long size)
    {
        IEnumerable<QedExtent> extents = ImageMapping.Run(path, new ImageMappingOptions(), TestContext.Current.CancellationToken);
        return extents.Where(extent => extent.State == QedExtentState.Data)
            .Sum(extent => Math.Max(0, extent.Start + extent.Length - Math.Max(extent.Start, size)));
    }

    private static void AssertClean(string path)
    {
        QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((QedCheckStatus.Clean, false), (check.Status, check.NeedsCheck));
    }
}
