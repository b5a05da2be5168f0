using System;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Comparisons, checked against counting every byte.</summary>
public sealed class ComparisonTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<int> Some => Seeds.Take(12);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Some))]
    public void The_first_difference_and_the_count_are_exact(int seed)
    {
        Random random = new(seed);
        byte[] one = RawFiles.Scattered(At("one.raw"), random.Next(1, 3_000_000), seed, random.Next(20));
        byte[] two = [.. one];
        Array.Resize(ref two, Math.Max(1, one.Length + random.Next(-20_000, 20_000)));
        for (int i = random.Next(4); i > 0; i--)
        {
            int at = random.Next(two.Length);
            two.AsSpan(at, Math.Min(two.Length - at, random.Next(1, 5000))).Fill((byte)random.Next(256));
        }

        File.WriteAllBytes(At("two.raw"), two);
        Convert("one.raw", "one.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        Convert("two.raw", "two.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5), BackingFile = "one.raw" });
        int length = Math.Max(one.Length, two.Length);
        int[] differences = [.. Enumerable.Range(0, length).Where(i => (i < one.Length ? one[i] : 0) != (i < two.Length ? two[i] : 0))];
        foreach ((string path, string reference) in new[] { ("one.raw", "two.raw"), ("one.qed", "two.qed"), ("one.raw", "two.qed"), ("two.qed", "one.raw") })
        {
            foreach (bool strict in new[] { false, true })
            {
                QedComparison result = DiskComparison.Run(
                    At(path), At(reference), new DiskComparisonOptions { Strict = strict }, progress: null, TestContext.Current.CancellationToken);
                Assert.Equal(differences.Length, result.DifferingBytes);
                Assert.Equal(differences.Length == 0 ? null : differences[0], result.FirstDifference);
                Assert.Equal(differences.Length == 0 && (!strict || result.VirtualSize == result.ReferenceVirtualSize), result.AreEqual);
            }
        }
    }

    [Fact]
    public void Disks_of_different_sizes_are_equal_unless_the_comparison_is_strict()
    {
        RawFiles.Scattered(At("one.raw"), 1 << 20, seed: 1, pieces: 9);
        File.Copy(At("one.raw"), At("two.raw"));
        using (FileStream file = new(At("two.raw"), FileMode.Open))
        {
            file.SetLength(64L << 30);
        }

        QedComparison loose = Compare("one.raw", "two.raw", strict: false);
        Assert.True(loose.AreEqual);
        Assert.Equal((null, 0L, 1L << 20, 64L << 30), (loose.FirstDifference, loose.DifferingBytes, loose.VirtualSize, loose.ReferenceVirtualSize));
        Assert.False(Compare("one.raw", "two.raw", strict: true).AreEqual);
        Assert.False(Compare("two.raw", "one.raw", strict: true).AreEqual);
        Assert.True(Compare("one.raw", "one.raw", strict: true).AreEqual);
    }

    [Fact]
    public void Ranges_that_neither_disk_stores_are_not_read()
    {
        MemoryStorage empty = new("empty.qed");
        TestImage.Create(empty, new QedGeometry(65536, 4), 1L << 40);
        RecordingStorage one = new(empty);
        RecordingStorage two = new(empty);
        (long? first, long differing) = DiskComparison.Compare(
            QedImage.Open(one).ToDisk(backing: null), QedImage.Open(two).ToDisk(backing: null), progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((null, 0L), (first, differing));
        Assert.True(one.Events.Where(e => e.Kind == StorageCall.Read).Sum(e => e.Length) < 1 << 20);
    }

    [Fact]
    public void A_comparison_can_be_stopped()
    {
        RawFiles.Scattered(At("one.raw"), 8 << 20, seed: 1, pieces: 100);
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => DiskComparison.Run(At("one.raw"), At("one.raw"), new DiskComparisonOptions(), progress: null, stop.Token));
    }

    private string At(string name) => _folder.PathOf(name);

    private QedComparison Compare(string path, string reference, bool strict) => DiskComparison.Run(
        At(path), At(reference), new DiskComparisonOptions { Strict = strict }, progress: null, TestContext.Current.CancellationToken);

    private void Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);
}
