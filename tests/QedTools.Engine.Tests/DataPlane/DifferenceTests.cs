using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>The ranges in which two disks differ, checked against looking at every byte.</summary>
public sealed class DifferenceTests : IDisposable
{
    private const int None = -1;

    private readonly TempFolder _folder = new();

    public static TheoryData<int> Some => Seeds.Take(12);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Some))]
    public void The_ranges_are_those_of_a_model(int seed)
    {
        Random random = new(seed);
        byte[] one = RawFiles.Scattered(At("one.raw"), random.Next(1, 3_000_000), seed, random.Next(20));
        byte[] two = [.. one];
        Array.Resize(ref two, Math.Max(1, one.Length + random.Next(-300_000, 300_000)));
        for (int i = random.Next(9); i > 0; i--)
        {
            int at = random.Next(two.Length);
            two.AsSpan(at, Math.Min(two.Length - at, random.Next(1, 90_000))).Fill((byte)random.Next(3));
        }

        File.WriteAllBytes(At("two.raw"), two);
        Convert("one.raw", "one.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        Convert("two.raw", "two.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5), BackingFile = "one.raw" });

        // The bytes judge what differs; the maps, which have tests of their own, say what each disk holds.
        foreach ((string path, string reference) in new[] { ("one.raw", "two.raw"), ("one.qed", "two.qed"), ("two.qed", "one.raw") })
        {
            byte[] content = path.StartsWith("one", StringComparison.Ordinal) ? one : two;
            byte[] otherContent = ReferenceEquals(content, one) ? two : one;
            int[] states = StatesOf(path);
            int[] otherStates = StatesOf(reference);
            foreach (int blockSize in new[] { 512, 512 << random.Next(1, 12), DiskComparisonOptions.MaxBlockSize })
            {
                foreach (bool strict in new[] { false, true })
                {
                    DiskComparisonOptions options = new() { BlockSize = blockSize, Strict = strict };
                    Assert.Equal(
                        Model(content, otherContent, states, otherStates, blockSize, strict),
                        Find(path, reference, options).Select(range => (range.Start, range.Length, range.State, range.ReferenceState)));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void In_blocks_of_an_overlay_they_are_what_a_conversion_stores_in_it(int seed)
    {
        Random random = new(seed);
        byte[] disk = RawFiles.Scattered(At("base.raw"), 4 << 20, seed, 30);
        for (int i = 0; i < 10; i++)
        {
            int at = random.Next(disk.Length);
            disk.AsSpan(at, Math.Min(disk.Length - at, random.Next(1, 90_000))).Fill((byte)random.Next(2));
        }

        File.WriteAllBytes(At("disk.raw"), disk);
        long clusterSize = 4096L << random.Next(6);
        Convert("disk.raw", "overlay.qed", new DiskConversionOptions { ClusterSize = clusterSize, BackingFile = "base.raw" });

        List<(long Start, long Length)> stored = [];
        ImageMappingOptions allocated = new() { States = [QedExtentState.Data, QedExtentState.Zero] };
        foreach (QedExtent extent in ImageMapping.Run(At("overlay.qed"), allocated, TestContext.Current.CancellationToken))
        {
            Append(stored, extent.Start, extent.Length);
        }

        List<(long Start, long Length)> found = [];
        foreach (QedDifference range in Find("disk.raw", "base.raw", new DiskComparisonOptions { BlockSize = clusterSize }))
        {
            Append(found, range.Start, range.Length);
        }

        Assert.Equal(stored, found);
    }

    // The disks are compared in parts of 128 pieces of 256 KiB.
    [Fact]
    public void A_range_that_is_found_in_several_steps_is_one_range()
    {
        const int Length = 100 << 20;
        using (FileStream file = new(At("data.raw"), FileMode.CreateNew))
        {
            byte[] part = new byte[1 << 20];
            Array.Fill(part, (byte)7);
            for (int i = 0; i < Length / part.Length; i++)
            {
                file.Write(part);
            }
        }

        ImageCreation.Run(At("empty.qed"), new ImageCreationOptions { SizeBytes = 1L << 40 }, TestContext.Current.CancellationToken);

        List<QedDifference> found = Find("data.raw", "empty.qed", new DiskComparisonOptions());
        Assert.Equal(
            [(0L, (long)Length, QedExtentState.Data, QedExtentState.Unallocated)],
            found.Select(range => (range.Start, range.Length, range.State!.Value, range.ReferenceState!.Value)));

        QedDifference[] strict = [.. Find("empty.qed", "data.raw", new DiskComparisonOptions { Strict = true })];
        Assert.Equal(
            [(0L, (long)Length, QedExtentState.Data), (Length, (1L << 40) - Length, (QedExtentState?)null)],
            strict.Select(range => (range.Start, range.Length, range.ReferenceState)));
    }

    [Fact]
    public void The_first_range_comes_before_the_rest_is_compared()
    {
        using (FileStream file = new(At("data.raw"), FileMode.CreateNew))
        {
            file.Write(new byte[] { 1 });
            file.SetLength(256 << 20);
            byte[] data = new byte[64 << 20];
            Array.Fill(data, (byte)1);
            file.Position = file.Length - data.Length;
            file.Write(data);
        }

        ImageCreation.Run(At("empty.qed"), new ImageCreationOptions { SizeBytes = 256 << 20 }, TestContext.Current.CancellationToken);
        Progress progress = new();
        foreach (QedDifference first in DiskDifferences.Run(At("data.raw"), At("empty.qed"), new DiskComparisonOptions(), progress, TestContext.Current.CancellationToken))
        {
            Assert.Equal((0L, 512L), (first.Start, first.Length));
            break;
        }

        Assert.True(progress.Last < 256 << 20);

        // Both files are closed after an enumeration that was left.
        File.Delete(At("data.raw"));
        File.Delete(At("empty.qed"));
    }

    [Fact]
    public void It_can_be_stopped()
    {
        RawFiles.Scattered(At("one.raw"), 8 << 20, seed: 1, pieces: 100);
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => DiskDifferences.Run(At("one.raw"), At("one.raw"), new DiskComparisonOptions(), progress: null, stop.Token).Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(513)]
    [InlineData(128L << 20)]
    [InlineData((1L << 32) + 512)]
    public void Other_block_sizes_are_refused(long size)
    {
        RawFiles.Scattered(At("one.raw"), 1 << 20, seed: 1, pieces: 1);
        QedLimitException error = Assert.Throws<QedLimitException>(() => Find("one.raw", "one.raw", new DiskComparisonOptions { BlockSize = size }));
        Assert.Equal("BlockSize", error.Parameter);
    }

    private static void Append(List<(long Start, long Length)> ranges, long start, long length)
    {
        if (ranges.Count > 0 && ranges[^1].Start + ranges[^1].Length == start)
        {
            ranges[^1] = (ranges[^1].Start, ranges[^1].Length + length);
        }
        else
        {
            ranges.Add((start, length));
        }
    }

    private static List<(long Start, long Length, QedExtentState? State, QedExtentState? Other)> Model(
        byte[] one, byte[] two, int[] states, int[] otherStates, int blockSize, bool strict)
    {
        List<(long Start, long Length, QedExtentState? State, QedExtentState? Other)> ranges = [];
        int length = Math.Max(states.Length, otherStates.Length);
        for (int start = 0; start < length; start += blockSize)
        {
            int end = Math.Min(length, start + blockSize);
            bool differs = false;
            for (int i = start; i < end; i++)
            {
                differs |= (i < one.Length ? one[i] : 0) != (i < two.Length ? two[i] : 0) || (strict && i < states.Length != i < otherStates.Length);
            }

            if (!differs)
            {
                continue;
            }

            QedExtentState? state = ToState(states.Skip(start).Take(blockSize));
            QedExtentState? other = ToState(otherStates.Skip(start).Take(blockSize));
            if (ranges.Count > 0 && ranges[^1] is var last && last.Start + last.Length == start && last.State == state && last.Other == other)
            {
                ranges[^1] = last with { Length = end - last.Start };
            }
            else
            {
                ranges.Add((start, end - start, state, other));
            }
        }

        return ranges;
    }

    private static QedExtentState? ToState(IEnumerable<int> values) => values.DefaultIfEmpty(None).Max() switch
    {
        2 => QedExtentState.Data,
        1 => QedExtentState.Zero,
        0 => QedExtentState.Unallocated,
        _ => null,
    };

    // For each byte of a disk: 2 for data, 1 for zeroes, 0 for nothing.
    private int[] StatesOf(string name)
    {
        List<int> states = [];
        foreach (QedExtent extent in ImageMapping.Run(At(name), new ImageMappingOptions { BackingChain = true }, TestContext.Current.CancellationToken))
        {
            int value = extent.State switch { QedExtentState.Data => 2, QedExtentState.Zero => 1, _ => 0 };
            states.AddRange(Enumerable.Repeat(value, (int)extent.Length));
        }

        return [.. states];
    }

    private string At(string name) => _folder.PathOf(name);

    private List<QedDifference> Find(string path, string reference, DiskComparisonOptions options) =>
        [.. DiskDifferences.Run(At(path), At(reference), options, progress: null, TestContext.Current.CancellationToken)];

    private void Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private sealed class Progress : IProgress<OperationProgress>
    {
        public long Last { get; private set; }

        public void Report(OperationProgress value) => Last = value.BytesDone;
    }
}
