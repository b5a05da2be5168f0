using System.Numerics;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Format;

public sealed class ClusterEntryTests
{
    // 8 KiB clusters, a header of two, and a file of ten and a half clusters.
    private static readonly ImageLayout TenClusters = new(new QedGeometry(8192, 2), 2 * 8192, (10 * 8192) + 4096);

    [Theory]
    [InlineData(0UL, true, false)]
    [InlineData(1UL, false, true)]
    [InlineData(2UL, false, false)]
    [InlineData(8192UL, false, false)]
    [InlineData(0x8000000000000000UL, false, false)]
    [InlineData(0x8000000000000001UL, false, false)]
    public void Zero_means_unallocated_and_one_means_zeroes(ulong value, bool isUnallocated, bool isZero)
    {
        Assert.Equal(isUnallocated, new ClusterEntry(value).IsUnallocated);
        Assert.Equal(isZero, new ClusterEntry(value).IsZero);
    }

    [Theory]
    [InlineData(1UL, (int)EntryProblem.ReservedBits)]
    [InlineData(2UL, (int)EntryProblem.ReservedBits)]
    [InlineData(0x4fffUL, (int)EntryProblem.ReservedBits)]
    [InlineData(0x4800UL, (int)EntryProblem.ReservedBits)]
    [InlineData(ulong.MaxValue, (int)EntryProblem.ReservedBits)]
    [InlineData(0x5000UL, (int)EntryProblem.Misaligned)]
    [InlineData(0x1000UL, (int)EntryProblem.Misaligned)]
    [InlineData(0x8000000000001000UL, (int)EntryProblem.Misaligned)]
    [InlineData(0UL, (int)EntryProblem.InsideHeader)]
    [InlineData(0x2000UL, (int)EntryProblem.InsideHeader)]
    [InlineData(0x4000UL, (int)EntryProblem.None)]
    [InlineData(0x12000UL, (int)EntryProblem.None)]
    [InlineData(0x14000UL, (int)EntryProblem.CutShort)]
    [InlineData(0x16000UL, (int)EntryProblem.OutsideFile)]
    [InlineData(0x7fffffffffffe000UL, (int)EntryProblem.OutsideFile)]
    [InlineData(0x8000000000000000UL, (int)EntryProblem.OutsideFile)]
    [InlineData(0x8000000000004000UL, (int)EntryProblem.OutsideFile)]
    [InlineData(0xffffffffffffe000UL, (int)EntryProblem.OutsideFile)]
    public void A_data_entry_is_judged_by_its_bits_and_its_offset(ulong value, int expected) =>
        Assert.Equal((EntryProblem)expected, new ClusterEntry(value).ProblemIn(TenClusters, 1));

    [Theory]
    [InlineData(0x10000UL, 2, (int)EntryProblem.None)]
    [InlineData(0x12000UL, 2, (int)EntryProblem.CutShort)]
    [InlineData(0x4000UL, 8, (int)EntryProblem.None)]
    [InlineData(0x4000UL, 16, (int)EntryProblem.CutShort)]
    [InlineData(0x14000UL, 2, (int)EntryProblem.CutShort)]
    [InlineData(0xffffffffffffe000UL, 16, (int)EntryProblem.OutsideFile)]
    [InlineData(0x2000UL, 2, (int)EntryProblem.InsideHeader)]
    public void A_table_must_be_in_the_file_with_all_its_clusters(ulong value, int clusters, int expected) =>
        Assert.Equal((EntryProblem)expected, new ClusterEntry(value).ProblemIn(TenClusters, clusters));

    [Fact]
    public void Every_entry_in_every_file_is_judged_as_by_plain_arithmetic() => Seeded.Run(4000, 30_000, random =>
    {
        int clusterSize = 1 << random.Next(12, 27);
        int tableSize = 1 << random.Next(0, 5);
        long headerBytes = (long)clusterSize * random.Pick(1, 1, 2, 3, 100);
        long length = headerBytes + random.NextInt64(1L << random.Pick(10, 20, 28, 40, 61));
        int clusters = random.Pick(1, tableSize);
        ulong near = random.Pick(
            0UL,
            (ulong)headerBytes,
            (ulong)length,
            (ulong)(length / clusterSize * clusterSize),
            1UL << random.Next(64),
            (ulong)random.NextInt64(length));
        ulong value = unchecked(near + (ulong)(random.Next(-3, 4) * (long)random.Pick(1, 512, 4096, clusterSize, clusterSize * 2)));

        ClusterEntry entry = new(value);
        EntryProblem found = entry.ProblemIn(new ImageLayout(new QedGeometry(clusterSize, tableSize), headerBytes, length), clusters);

        EntryProblem expected =
            value % 4096 != 0 ? EntryProblem.ReservedBits
            : value % (ulong)clusterSize != 0 ? EntryProblem.Misaligned
            : value < (ulong)headerBytes ? EntryProblem.InsideHeader
            : value >= (ulong)length ? EntryProblem.OutsideFile
            : value + ((BigInteger)clusters * clusterSize) - length >= 512 ? EntryProblem.CutShort
            : EntryProblem.None;
        Assert.Equal(expected, found);
        if (found == EntryProblem.None)
        {
            Assert.Equal(value, (ulong)entry.Offset);
        }
    });

    [Theory]
    [InlineData(0, 0, -2)]
    [InlineData(8192 - 512, 0, -2)]
    [InlineData(8192, 8192, -1)]
    [InlineData(86016, 81920, 8)]
    [InlineData(90112 - 512, 81920, 8)]
    [InlineData(90112 - 511, 90112, 8)]
    [InlineData(90112 - 1, 90112, 8)]
    [InlineData(long.MaxValue, long.MaxValue, (long.MaxValue / 8192) - 2)]
    public void A_cluster_counts_as_complete_if_less_than_a_sector_is_missing(long length, long addressable, long usable)
    {
        ImageLayout layout = TenClusters with { FileLength = length };

        Assert.Equal(addressable, layout.AddressableBytes);
        Assert.Equal(usable, layout.UsableClusters);
    }
}
