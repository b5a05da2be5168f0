using System;
using System.Collections.Generic;
using System.Numerics;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Format;

/// <summary>Every cluster and table size, checked against integer arithmetic that cannot overflow.</summary>
public sealed class QedGeometryTests
{
    private static readonly BigInteger MaxSize = new BigInteger(long.MaxValue) / 512 * 512;

    public static TheoryData<int, int> AllSizes
    {
        get
        {
            TheoryData<int, int> sizes = [];
            for (int clusterBits = 12; clusterBits <= 26; clusterBits++)
            {
                foreach (int tableSize in new[] { 1, 2, 4, 8, 16 })
                {
                    sizes.Add(1 << clusterBits, tableSize);
                }
            }

            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void A_table_fills_its_clusters_with_eight_byte_entries(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        BigInteger entries = (BigInteger)clusterSize * tableSize / 8;

        Assert.Equal(clusterSize, geometry.ClusterSize);
        Assert.Equal(tableSize, geometry.TableSize);
        Assert.Equal((BigInteger)clusterSize * tableSize, geometry.TableBytes);
        Assert.Equal(entries, geometry.EntriesPerTable);
        Assert.Equal(entries * clusterSize, geometry.BytesPerL2Table);
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void The_largest_disk_is_what_the_tables_map_or_the_largest_63_bit_multiple_of_a_sector(int clusterSize, int tableSize)
    {
        BigInteger entries = (BigInteger)clusterSize * tableSize / 8;
        BigInteger expected = BigInteger.Min(entries * entries * clusterSize, MaxSize);

        Assert.Equal(expected, new QedGeometry(clusterSize, tableSize).MaxVirtualSize);
    }

    [Fact]
    public void The_largest_disk_does_not_overflow()
    {
        // QEMU multiplies in 64 bits, gets 0 for the largest clusters, and refuses to create any disk (bug 3 in docs/format.md).
        Assert.Equal(1L << 62, new QedGeometry(1 << 20, 16).MaxVirtualSize);
        Assert.Equal(long.MaxValue - 511, new QedGeometry(1 << 21, 8).MaxVirtualSize);
        Assert.Equal(long.MaxValue - 511, new QedGeometry(1 << 26, 8).MaxVirtualSize);
        Assert.Equal(long.MaxValue - 511, new QedGeometry(1 << 26, 16).MaxVirtualSize);
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void An_offset_splits_into_indexes_that_give_the_offset_again(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        BigInteger entries = (BigInteger)clusterSize * tableSize / 8;
        foreach (long offset in InterestingSizes(geometry))
        {
            if (offset >= geometry.MaxVirtualSize)
            {
                continue;
            }

            BigInteger cluster = (BigInteger)offset / clusterSize;
            Assert.Equal(cluster / entries, geometry.L1Index(offset));
            Assert.Equal(cluster % entries, geometry.L2Index(offset));
            Assert.Equal((BigInteger)offset % clusterSize, geometry.OffsetInCluster(offset));
            Assert.Equal(
                offset,
                geometry.VirtualOffset(geometry.L1Index(offset), geometry.L2Index(offset)) + geometry.OffsetInCluster(offset));
        }
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void A_pair_of_indexes_maps_a_disk_offset_or_saturates(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        long entries = geometry.EntriesPerTable;
        long lastWithin = (long)BigInteger.Min(entries - 1, (BigInteger)long.MaxValue / geometry.BytesPerL2Table);
        foreach (long l1 in new[] { 0, 1, entries / 2, lastWithin, Math.Min(lastWithin + 1, entries - 1), entries - 1, entries })
        {
            foreach (long l2 in new[] { 0, 1, entries / 2, entries - 1 })
            {
                BigInteger exact = (((BigInteger)l1 * entries) + l2) * clusterSize;
                BigInteger expected = exact > long.MaxValue ? MaxSize : exact;
                Assert.Equal(expected, geometry.VirtualOffset(l1, l2));
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void Bytes_become_clusters_by_division(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        foreach (long bytes in InterestingSizes(geometry))
        {
            BigInteger whole = (BigInteger)bytes / clusterSize;
            BigInteger part = (BigInteger)bytes % clusterSize;
            Assert.Equal(whole, geometry.WholeClusters(bytes));
            Assert.Equal(whole, geometry.ClusterAt(bytes));
            Assert.Equal(part.IsZero ? whole : whole + 1, geometry.ClustersCovering(bytes));
            Assert.Equal(whole * clusterSize, geometry.ClusterStart(bytes));
            Assert.Equal(part.IsZero, geometry.IsClusterAligned((ulong)bytes));
            Assert.Equal(whole * clusterSize, geometry.BytesOf((long)whole));
        }
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void Offsets_past_63_bits_are_aligned_by_the_same_rule(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        ulong last = ulong.MaxValue - (ulong)clusterSize + 1;

        Assert.True(geometry.IsClusterAligned(last));
        Assert.True(geometry.IsClusterAligned(1UL << 63));
        Assert.False(geometry.IsClusterAligned(ulong.MaxValue));
        Assert.False(geometry.IsClusterAligned(last + 512));
        Assert.False(geometry.IsClusterAligned((1UL << 63) + ((ulong)clusterSize / 2)));
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void Too_many_clusters_for_a_64_bit_byte_count_are_an_overflow(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        long most = long.MaxValue / clusterSize;

        Assert.Equal((BigInteger)most * clusterSize, geometry.BytesOf(most));
        Assert.Throws<OverflowException>(() => geometry.BytesOf(most + 1));
        Assert.Throws<OverflowException>(() => geometry.BytesOf(long.MaxValue));
    }

    [Theory]
    [MemberData(nameof(AllSizes))]
    public void A_disk_uses_as_many_L1_entries_as_it_needs(int clusterSize, int tableSize)
    {
        QedGeometry geometry = new(clusterSize, tableSize);
        foreach (long size in InterestingSizes(geometry))
        {
            BigInteger expected = ((BigInteger)size + geometry.BytesPerL2Table - 1) / geometry.BytesPerL2Table;
            Assert.Equal(expected, geometry.L1EntriesFor(size));
        }

        Assert.InRange(geometry.L1EntriesFor(geometry.MaxVirtualSize), 1, geometry.EntriesPerTable);
    }

    [Theory]
    [InlineData(1 << 12)]
    [InlineData(1 << 16)]
    [InlineData(1 << 20)]
    [InlineData(1 << 26)]
    public void A_file_of_cluster_size_squared_has_cluster_size_clusters(int clusterSize)
    {
        // Divided by cluster_size - 1, as in QEMU (bug 1 in docs/format.md), it would seem to have one or two more.
        QedGeometry geometry = new(clusterSize, 4);
        long square = (long)clusterSize * clusterSize;

        Assert.Equal(clusterSize, geometry.WholeClusters(square));
        Assert.Equal(clusterSize, geometry.ClustersCovering(square));
        Assert.Equal(clusterSize - 1, geometry.WholeClusters(square - 1));
        Assert.Equal(3L * clusterSize, geometry.WholeClusters(3 * square));
    }

    [Fact]
    public void A_table_of_one_cluster_is_allowed()
    {
        // QEMU refuses it (bug 2 in docs/format.md).
        Assert.True(QedGeometry.IsTableSize(1));
        Assert.Equal(512, new QedGeometry(4096, 1).EntriesPerTable);
    }

    [Fact]
    public void Cluster_sizes_are_the_powers_of_two_from_4_KiB_to_64_MiB()
    {
        HashSet<long> allowed = [];
        for (long size = 4096; size <= 64 * 1024 * 1024; size *= 2)
        {
            allowed.Add(size);
        }

        Assert.Equal(15, allowed.Count);
        for (int bit = 0; bit < 63; bit++)
        {
            foreach (long size in new[] { (1L << bit) - 1, 1L << bit, (1L << bit) + 1, -(1L << bit), 3L << Math.Min(bit, 60) })
            {
                Assert.Equal(allowed.Contains(size), QedGeometry.IsClusterSize(size));
            }
        }

        Assert.False(QedGeometry.IsClusterSize(long.MinValue));
        Assert.False(QedGeometry.IsClusterSize((1L << 32) + 4096));
    }

    [Fact]
    public void Table_sizes_are_the_powers_of_two_from_1_to_16()
    {
        HashSet<long> allowed = [1, 2, 4, 8, 16];
        for (long size = -70; size < 70; size++)
        {
            Assert.Equal(allowed.Contains(size), QedGeometry.IsTableSize(size));
        }

        Assert.False(QedGeometry.IsTableSize(long.MinValue));
        Assert.False(QedGeometry.IsTableSize((1L << 32) + 4));
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(2048, 4)]
    [InlineData(4097, 4)]
    [InlineData(1 << 27, 4)]
    [InlineData(int.MinValue, 4)]
    [InlineData(65536, 0)]
    [InlineData(65536, 3)]
    [InlineData(65536, 32)]
    [InlineData(65536, -1)]
    public void Other_sizes_are_not_a_valid_geometry(int clusterSize, int tableSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new QedGeometry(clusterSize, tableSize));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 512)]
    [InlineData(511, 512)]
    [InlineData(512, 512)]
    [InlineData(513, 1024)]
    [InlineData(long.MaxValue - 512, long.MaxValue - 511)]
    [InlineData(long.MaxValue - 511, long.MaxValue - 511)]
    [InlineData(long.MaxValue - 510, long.MaxValue - 511)]
    [InlineData(long.MaxValue, long.MaxValue - 511)]
    public void A_size_is_rounded_up_to_sectors_up_to_the_largest_size(long bytes, long expected) =>
        Assert.Equal(expected, Sector.RoundUp(bytes));

    [Theory]
    [InlineData(4096, 0, 4096)]
    [InlineData(4096, 1, 4104)]
    [InlineData(65536, 32767, 327672)]
    [InlineData(1L << 62, (1L << 27) - 1, (1L << 62) + (1L << 30) - 8)]
    public void Each_entry_is_eight_bytes_after_the_one_before(long table, long index, long expected) =>
        Assert.Equal(expected, QedGeometry.EntryOffset(table, index));

    private static IEnumerable<long> InterestingSizes(QedGeometry geometry)
    {
        long cluster = geometry.ClusterSize;
        long table = (long)BigInteger.Min((BigInteger)geometry.TableSize * cluster / 8 * cluster, long.MaxValue / 4);
        foreach (long at in new[] { 0, cluster, cluster * cluster, table, 3 * table, geometry.MaxVirtualSize, long.MaxValue - cluster })
        {
            foreach (long by in new[] { -cluster, -512, -1, 0, 1, 511, 512, cluster - 1, cluster })
            {
                BigInteger size = (BigInteger)at + by;
                if (size >= 0 && size <= long.MaxValue)
                {
                    yield return (long)size;
                }
            }
        }

        yield return long.MaxValue;
        Random random = new(geometry.ClusterSize + geometry.TableSize);
        for (int i = 0; i < 50; i++)
        {
            yield return random.NextInt64(1L << random.Pick(13, 20, 30, 40, 50, 62));
        }
    }
}
