using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using QedTools.Tests.Independent;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// L2 tables of two clusters that share one: an entry that is past the end of the disk in one table maps data in the other. The results are
/// checked with a reader that was written from the specification alone.
/// </summary>
public sealed class OverlappingTablesTests : IDisposable
{
    private const int Cluster = 4096;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    // The disk's size in clusters, and the clusters that L1 entries 0 and up refer to (0: none).
    [InlineData(1074, 3, 4)] // the second table begins inside the first
    [InlineData(1074, 2, 3)] // the first one begins inside the L1 table
    [InlineData(2049, 0, 2, 3)]
    public void A_repair_keeps_what_either_table_maps(int diskClusters, params int[] tables)
    {
        byte[] file = new byte[8 * Cluster];
        "QED\0"u8.CopyTo(file);
        Write32(file, 4, Cluster);
        Write32(file, 8, 2); // table_size
        Write32(file, 12, 1); // header_size
        Write64(file, 40, Cluster); // l1_table_offset
        Write64(file, 48, diskClusters * Cluster);

        // With a backing file, zeroes differ from unallocated clusters.
        Write64(file, 16, 5);
        Write32(file, 56, 64);
        Write32(file, 60, 8);
        "base.raw"u8.CopyTo(file.AsSpan(64));
        for (int i = 0; i < tables.Length; i++)
        {
            Write64(file, Cluster + (8 * i), tables[i] * Cluster);
        }

        // In the cluster that both tables share.
        Write64(file, (tables[^1] * Cluster) + (8 * 88), 6 * Cluster);
        Write64(file, (tables[^1] * Cluster) + (8 * 10), 7 * Cluster);
        Write64(file, (tables[^1] * Cluster) + (8 * 20), 1);

        // In the cluster that one of them shares with the L1 table, if there is one.
        Write64(file, (tables.First(table => table != 0) * Cluster) + (8 * 30), 1);
        file.AsSpan(6 * Cluster).Fill(0x46);
        string path = _folder.PathOf("image.qed");
        File.WriteAllBytes(path, file);
        ReferenceQed before = Open(file);

        QedRepairResult result = ImageRepair.Run(path, new ImageRepairOptions(), cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(QedCheckStatus.Clean, result.After.Status);
        Assert.Null(before.Difference(Open(File.ReadAllBytes(path)), lostStaysLost: false));
    }

    private static ReferenceQed Open(byte[] file) => ReferenceQed.Open(file, (_, _) => new ReferenceLost()).Disk!;

    private static void Write32(byte[] file, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);

    private static void Write64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
