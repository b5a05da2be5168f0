using System;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>What holds for new files of the formats whose tables are kept in memory during creation.</summary>
public sealed class NewFileOfEveryFormatTests
{
    private const int MiB = 1 << 20;

    /// <summary>Formats, each with seeds.</summary>
    public static TheoryData<QedDiskFormat, int> AnyDisks =>
    [
        .. Seeds.Take(20).Select(row => (QedDiskFormat.Vhdx, row.Data)),
        .. Seeds.Take(30).Select(row => (QedDiskFormat.Qcow2, row.Data)),
    ];

    // A table of 512 bytes maps 32 KiB of a qcow2 disk; the L1 table, the refcounts, the length and the header are written once.
    [Theory]
    [InlineData(QedDiskFormat.Vhdx, MiB, 1, 2)]
    [InlineData(QedDiskFormat.Qcow2, 512, 2051, 2093)]
    [InlineData(QedDiskFormat.Qcow2, 64 << 10, 4, 6)]
    [InlineData(QedDiskFormat.Qcow2, 2 * MiB, 4, 6)]
    public void Data_is_written_as_it_comes_and_each_table_once(QedDiskFormat kind, int unit, int minWrites, int maxWrites)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        RecordingStorage storage = new(new MemoryStorage("new"));
        DiskRequest request = kind == QedDiskFormat.Vhdx ? new(1L << 30) { BlockSize = unit } : new(1L << 30) { ClusterSize = unit };
        IDiskLayer layer = format.Resolve("new", request).Create(storage);
        IDisk disk = layer.ToDisk(backing: null);
        storage.Forget();
        byte[] piece = DiskBytes.Random(1, 512 << 10);
        for (long at = 0; at < 64 * MiB; at += piece.Length)
        {
            disk.Write(at, piece);
        }

        Assert.Equal(128, storage.Changes.Count);
        storage.Forget();
        layer.EndWriting();
        Assert.InRange(storage.Changes.Count, minWrites, maxWrites);
        Check(kind, storage);
    }

    [Theory]
    [InlineData(QedDiskFormat.Vhdx, 5 * MiB)]
    [InlineData(QedDiskFormat.Qcow2, (3 + 16 + 2) * 65536)]
    public void Zeroing_allocates_no_cluster_and_clears_existing_data(QedDiskFormat kind, long length)
    {
        MemoryStorage storage = Make(kind, new DiskRequest(10 * MiB) { BlockSize = kind == QedDiskFormat.Vhdx ? MiB : null }, backing: null, disk =>
        {
            disk.Write(MiB, DiskBytes.Random(1, MiB));
            disk.Zero(MiB - 100, 200);
            disk.Zero(5 * MiB, 3 * MiB);
        });

        IDisk disk = DiskFormats.Of(kind).Open(storage).ToDisk(backing: null);
        Assert.Equal([.. new byte[100], .. DiskBytes.Random(1, MiB)[100..]], DiskBytes.Read(disk, MiB, MiB));
        Assert.Equal(length, storage.Length);
    }

    [Theory]
    [MemberData(nameof(AnyDisks))]
    public void Anything_written_is_read_back(QedDiskFormat kind, int seed)
    {
        Random random = new(seed);
        (DiskRequest request, byte[] below) = kind == QedDiskFormat.Vhdx
            ? (new DiskRequest(random.Next(1, 12 * MiB)) { BlockSize = MiB << random.Next(3), SectorSize = random.Pick(512, 4096), IsFixed = random.Next(3) == 0 }, [])
            : (new DiskRequest(random.Next(1, 6 * MiB)) { ClusterSize = 512L << random.Next(13) }, random.Next(2) == 0 ? [] : DiskBytes.Random(seed, random.Next(1, 6 * MiB / 512) * 512));
        IDisk? backing = null;
        if (below.Length > 0)
        {
            backing = DiskFormats.Raw.Open(MemoryStorage.Of("below.raw", below)).ToDisk(backing: null);
            request = request with { Backing = new BackingReference("below.raw", IsRaw: true) };
        }

        byte[] expected = new byte[DiskFormats.Of(kind).Resolve("new", request).VirtualSize];
        below.AsSpan(0, Math.Min(below.Length, expected.Length)).CopyTo(expected);
        MemoryStorage storage = Make(kind, request, backing, disk =>
        {
            for (int i = 0; i < 40; i++)
            {
                int offset = random.Next(expected.Length);
                int length = random.Next(1, Math.Min(expected.Length - offset, random.Pick(2 * MiB, 5000, 5000)) + 1);
                if (random.Next(3) == 0)
                {
                    disk.Zero(offset, length);
                    expected.AsSpan(offset, length).Clear();
                    continue;
                }

                byte[] data = DiskBytes.Random(random.Next(), length);
                disk.Write(offset, data);
                data.CopyTo(expected, offset);
            }

            Assert.Equal(expected, DiskBytes.Of(disk));
        });

        using IDiskLayer layer = DiskFormats.Of(kind).Open(new ReadOnlyStorage(storage));
        Assert.Equal(expected, DiskBytes.Of(layer.ToDisk(backing)));
    }

    private static MemoryStorage Make(QedDiskFormat kind, in DiskRequest request, IDisk? backing, Action<IDisk> write)
    {
        MemoryStorage storage = new("new");
        IDiskFormat format = DiskFormats.Of(kind);
        IDiskLayer layer = format.Resolve(storage.Path, request).Create(storage);
        IDisk disk = layer.ToDisk(backing);
        Assert.True(disk.CanWrite);
        write(disk);
        layer.EndWriting();
        Check(kind, storage);
        return storage;
    }

    // Checks what is not part of the disk's contents.
    private static void Check(QedDiskFormat kind, IStorage storage)
    {
        if (kind == QedDiskFormat.Qcow2)
        {
            Qcow2Refcounts.AssertRight(storage);
        }
        else
        {
            Assert.Equal(0, storage.Length % MiB);
        }
    }
}
