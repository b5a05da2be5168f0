using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Every operation on the largest disk of every format, with data at both ends.</summary>
public sealed class LargestDiskTests : IDisposable
{
    private const long MaxSize = 9223372036854775296; // 2^63 - 512
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Format, size and, where they matter, the allocation unit and the table size. The sizes are those of the formats, not of the
    /// engine.
    /// </summary>
    public static TheoryData<QedDiskFormat, long, int?, int?> Disks
    {
        get
        {
            (QedDiskFormat Kind, long Size, int? Unit, int? Table)[] largest =
            [
                (QedDiskFormat.Raw, MaxSize, null, null),
                (QedDiskFormat.Qed, 1L << 46, 64 << 10, 4),
                (QedDiskFormat.Qed, MaxSize, 2 * MiB, 16),
                (QedDiskFormat.Qed, MaxSize, 8 * MiB, 1),
                (QedDiskFormat.Qed, MaxSize, 64 * MiB, 16),
                (QedDiskFormat.Vhdx, 64L << 40, MiB, null),
                (QedDiskFormat.Vhdx, 64L << 40, 256 * MiB, null),
                (QedDiskFormat.Vhd, 2040L << 30, 512 << 10, null),
                (QedDiskFormat.Vhd, 2040L << 30, 2 * MiB, null),
                (QedDiskFormat.Qcow2, ((4L << 20) / 16 * 15) << 15, 512, null),
                (QedDiskFormat.Qcow2, ((4L << 20) / 16 * 15) << 29, 64 << 10, null),
                (QedDiskFormat.Qcow2, ((4L << 20) / 16 * 15) << 39, 2 * MiB, null),
                (QedDiskFormat.Vdi, 0x1FFFFF80L << 20, null, null),
                (QedDiskFormat.Vmdk, 2040L << 30, null, null),
            ];
            TheoryData<QedDiskFormat, long, int?, int?> all = [];
            foreach ((QedDiskFormat kind, long size, int? unit, int? table) in largest)
            {
                all.Add(kind, size, unit, table);
                all.Add(kind, size - 512, unit, table);
            }

            return all;
        }
    }

    /// <summary>Every cluster and table size of QED whose tables could map more than 2^63 bytes.</summary>
    public static TheoryData<int, int> SaturatingGeometries
    {
        get
        {
            TheoryData<int, int> all = [];
            for (int bits = 12; bits <= 26; bits++)
            {
                for (int table = 1; table <= 16; table *= 2)
                {
                    double entries = Math.ScaleB(table, bits - 3);
                    if (entries * entries * Math.ScaleB(1, bits) >= Math.ScaleB(1, 63))
                    {
                        all.Add(1 << bits, table);
                    }
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public void Both_ends_are_read_mapped_copied_and_compared(QedDiskFormat kind, long size, int? unit, int? table)
    {
        (IDiskLayer layer, Ends ends) = Make(kind, size, unit, table);
        IDisk disk = layer.ToDisk(backing: null);

        ends.AssertReadFrom(disk);
        AssertStream(disk, ends);
        AssertMaps(disk, ends);
        AssertCopies(disk, layer.Granule, ends);
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public void Both_ends_can_be_copied_to_the_largest_disk(QedDiskFormat kind, long size, int? unit, int? table)
    {
        Ends ends = new(size);
        RawSource source = new(ends);
        IDiskLayer layer = Create(kind, size, unit, table, out MemoryStorage storage);
        IDisk target = layer.ToDisk(backing: null);
        List<OperationProgress> reported = [];
        StagedProgress stages = new(new Sink(reported), 2);
        DiskCopy.Run(source, new CopyTarget(target, layer.Granule, ShownBefore: null, FlushedLater: null), stages, Cancellation);
        layer.EndWriting();
        stages.NextStage();
        Assert.Equal((null, 0), DiskComparison.Compare(source, target, stages, Cancellation));

        AssertProgress(reported);
        ends.AssertReadFrom(DiskFormats.Of(kind).Open(new ReadOnlyStorage(storage)).ToDisk(backing: null));
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public void A_larger_size_is_refused_or_fits(QedDiskFormat kind, long size, int? unit, int? table)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        foreach (long more in new[] { size + 1, size + 511, long.MaxValue - 511, long.MaxValue - 1, long.MaxValue })
        {
            try
            {
                Assert.InRange(format.Resolve("a" + format.Extensions[0], Request(kind, more, unit, table)).VirtualSize, more, long.MaxValue);
            }
            catch (QedLimitException e)
            {
                Assert.Equal(more, e.Value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SaturatingGeometries))]
    public void The_largest_image_is_zeroed_shrunk_and_grown(int clusterSize, int tableSize)
    {
        MemoryStorage storage = new();
        QedGeometry geometry = new(clusterSize, tableSize);
        TestImage.Create(storage, geometry, MaxSize);
        QedImage image = TestImage.OpenForWriting(storage);
        image.Follow(new OperationTrace { Decision = _ => { }, Detail = _ => { } }, "a.qed");
        IDisk disk = image.ToDisk(backing: null);
        Ends ends = new(MaxSize);
        ends.WriteTo(disk);
        ends.AssertReadFrom(disk);

        disk.Zero(MaxSize - 512, 512);
        AssertZero(disk, MaxSize - 512, 512);
        disk.Zero(MaxSize - Ends.Bytes, Ends.Bytes);
        AssertZero(disk, MaxSize - 5000, 5000);
        ends.WriteTo(disk);

        disk.SetLength(MaxSize - 512);
        disk.SetLength(MaxSize);
        AssertZero(disk, MaxSize - 512, 512);
        Assert.Equal(ends.Read(MaxSize - Ends.Bytes, Ends.Bytes - 512), Read(disk, MaxSize - Ends.Bytes, Ends.Bytes - 512));
        foreach (long smaller in new[] { MaxSize - (2L * clusterSize), MaxSize / 1024 * 512, 512 })
        {
            disk.SetLength(smaller);
            disk.SetLength(MaxSize);
            AssertZero(disk, MaxSize - 5000, 5000);
            Assert.Equal(ends.Read(0, 512), Read(disk, 0, 512));
            ends.WriteTo(disk);
        }

        disk.Zero(0, MaxSize);
        AssertZero(disk, 0, 5000);
        AssertZero(disk, MaxSize - 5000, 5000);
        Assert.Throws<QedLimitException>(() => disk.SetLength(long.MaxValue));
        TestImage.Close(image);
        TestImage.AssertClean(storage);

        // What is left: the header, the L1 table and, at both ends, an L2 table without entries.
        Assert.Equal(clusterSize + (3 * geometry.TableBytes), storage.Length);
    }

    [Fact]
    public void The_largest_image_over_an_equally_large_backing_file_is_written_zeroed_and_grown()
    {
        Ends below = new(long.MaxValue, seed: 2);
        RawSource backing = new(below);
        MemoryStorage storage = new();
        TestImage.Create(storage, new QedGeometry(2 * MiB, 16), MaxSize, backing: new BackingReference("b.raw", IsRaw: true));
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing);
        Assert.Equal(below.Read(MaxSize - 2000, 2000), Read(disk, MaxSize - 2000, 2000));

        disk.Write(MaxSize - 512, new byte[] { 7 });
        Assert.Equal(below.Read(MaxSize - 2000, 1488), Read(disk, MaxSize - 2000, 1488));
        Assert.Equal([7, .. below.Read(MaxSize - 511, 511)], Read(disk, MaxSize - 512, 512));
        disk.Zero(MaxSize - 1024, 1024);
        AssertZero(disk, MaxSize - 1024, 1024);
        disk.SetLength(512);
        disk.SetLength(MaxSize);
        Assert.Equal(below.Read(0, 512), Read(disk, 0, 512));
        AssertZero(disk, 512, 5000);
        AssertZero(disk, MaxSize - 5000, 5000);
        TestImage.Close(image);
        TestImage.AssertClean(storage);
    }

    [Fact]
    public void Growing_over_a_backing_file_that_ends_one_byte_after_a_cluster_shows_nothing_of_it()
    {
        RawSource backing = new(new Ends((8 * 4096) + 1));
        MemoryStorage storage = new();
        TestImage.Create(storage, new QedGeometry(4096, 1), 4096, backing: new BackingReference("b.raw", IsRaw: true));
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing);
        disk.SetLength(16 * 4096);
        AssertZero(disk, 4096, 15 * 4096);
        TestImage.Close(image);
    }

    [Theory(Skip = Host.NotKeepingHoles, SkipUnless = nameof(Host.KeepsHoles), SkipType = typeof(Host))]
    [InlineData(2 * MiB, 16)]
    [InlineData(2 * MiB, 8)]
    [InlineData(8 * MiB, 1)]
    public void Every_operation_works_on_the_largest_image(int clusterSize, int tableSize)
    {
        Ends ends = new(MaxSize);
        string image = New("a.qed", ends);
        Assert.Equal(MaxSize, ImageInspection.Run(image, new ImageInspectionOptions()).VirtualSize);
        AssertSame(ends, image);

        DiskConversion.Run(image, At("b.qed"), new DiskConversionOptions { ClusterSize = clusterSize, TableSize = tableSize, Verify = true }, new Sink([]), Cancellation);
        AssertSame(ends, At("b.qed"));
        Assert.True(DiskComparison.Run(image, At("b.qed"), new DiskComparisonOptions { Strict = true }, new Sink([]), Cancellation).AreEqual);
        foreach (string tooSmall in new[] { "c.vhd", "c.vhdx", "c.qcow2", "c.vdi", "c.vmdk" })
        {
            Assert.Throws<QedLimitException>(() => DiskConversion.Run(image, At(tooSmall), new DiskConversionOptions(), progress: null, Cancellation));
            Assert.False(File.Exists(At(tooSmall)));
        }

        // Over a backing file: convert, merge, preserve, resize.
        Ends other = new(MaxSize, seed: 3);
        New("base.qed", other);
        DiskConversion.Run(image, At("over.qed"), new DiskConversionOptions { ClusterSize = clusterSize, TableSize = tableSize, BackingFile = At("base.qed"), Verify = true }, progress: null, Cancellation);
        AssertSame(ends, At("over.qed"));
        Assert.True(ImageOptimization.Run(At("over.qed"), new ImageOptimizationOptions { AgainstBackingFile = true }, new Sink([]), Cancellation).FileSizeAfter > 0);
        AssertSame(ends, At("over.qed"));
        BackingFileChange.Run(At("over.qed"), new BackingFileChangeOptions { BackingFile = image, PreserveContent = true }, new Sink([]), Cancellation);
        AssertSame(ends, At("over.qed"));
        BackingFileChange.Run(At("over.qed"), new BackingFileChangeOptions { BackingFile = At("base.qed"), PreserveContent = true }, new Sink([]), Cancellation);
        AssertSame(ends, At("over.qed"));
        QedMergeResult plan = DiskMerge.Plan(At("over.qed"), new DiskMergeOptions(), Cancellation);
        QedMergeResult merged = DiskMerge.Run(At("over.qed"), new DiskMergeOptions(), new Sink([]), Cancellation);
        Assert.Equal(plan.BytesMerged, merged.BytesMerged);
        AssertSame(ends, At("base.qed"));
        AssertSame(ends, At("over.qed"));

        // Clusters zeroed at the end are freed.
        using (DiskStream stream = DiskOpening.Run(image, new DiskOpeningOptions { Writable = true }, cancellation: Cancellation))
        {
            stream.Seek(-Ends.Bytes, SeekOrigin.End);
            stream.Write(new byte[Ends.Bytes]);
        }

        QedOptimizeResult optimized = ImageOptimization.Run(image, new ImageOptimizationOptions(), new Sink([]), Cancellation);
        Assert.Equal(1, optimized.ZeroedClusters);
        foreach (long size in new[] { MaxSize - 512, 1L << 53, 512, MaxSize })
        {
            ImageResize.Plan(image, size, new ImageResizeOptions { Shrink = true }, Cancellation);
            Assert.Equal(size, ImageResize.Run(image, size, new ImageResizeOptions { Shrink = true }, progress: null, Cancellation).VirtualSize);
        }

        Assert.Throws<QedLimitException>(() => ImageResize.Run(image, MaxSize + 1, new ImageResizeOptions(), progress: null, Cancellation));
        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(image, new ImageCheckOptions(), cancellation: Cancellation).Status);
        Assert.Empty(ImageRepair.Run(image, new ImageRepairOptions(), progress: null, Cancellation).Repairs);

        string New(string name, Ends contents)
        {
            ImageCreation.Run(At(name), new ImageCreationOptions { SizeBytes = contents.Size, ClusterSize = clusterSize, TableSize = tableSize }, Cancellation);
            using DiskStream stream = DiskOpening.Run(At(name), new DiskOpeningOptions { Writable = true }, cancellation: Cancellation);
            stream.Write(contents.Read(0, Ends.Bytes));
            stream.Seek(-Ends.Bytes, SeekOrigin.End);
            stream.Write(contents.Read(contents.Size - Ends.Bytes, Ends.Bytes));
            return At(name);
        }
    }

    [Fact]
    public void The_longest_raw_file_that_the_host_allows_is_converted_both_ways()
    {
        string folder = Directory.Exists("/dev/shm") ? Path.Combine("/dev/shm", Path.GetFileName(_folder.Path)) : _folder.Path;
        Directory.CreateDirectory(folder);
        try
        {
            string raw = Path.Combine(folder, "a.raw");
            long length = MakeLongest(raw);
            if (length > MaxSize)
            {
                // Rounded up to whole sectors, it is too large for any new file.
                Assert.Equal(length, Assert.Throws<QedLimitException>(() =>
                    DiskConversion.Run(raw, At("b.qed"), new DiskConversionOptions(), progress: null, Cancellation)).Value);
                length = MaxSize;
            }

            Ends ends = new(length);
            using (FileStream file = new(raw, FileMode.Open))
            {
                file.SetLength(length);
                file.Write(ends.Read(0, Ends.Bytes));
                file.Position = length - Ends.Bytes;
                file.Write(ends.Read(length - Ends.Bytes, Ends.Bytes));
            }

            AssertSame(ends, raw);
            DiskConversion.Run(raw, Path.Combine(folder, "b.qed"), new DiskConversionOptions { ClusterSize = 2 * MiB, TableSize = 16, Verify = true }, progress: null, Cancellation);
            DiskConversion.Run(Path.Combine(folder, "b.qed"), Path.Combine(folder, "c.raw"), new DiskConversionOptions { Verify = true }, progress: null, Cancellation);
            AssertSame(ends, Path.Combine(folder, "c.raw"));
            Assert.True(DiskComparison.Run(raw, Path.Combine(folder, "c.raw"), new DiskComparisonOptions { Strict = true }, cancellation: Cancellation).AreEqual);
        }
        finally
        {
            if (folder != _folder.Path)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>
    /// A file has at most 2^63 - 1 bytes, so the last cluster that an entry can name lacks at least one byte, which reads as zero.
    /// </summary>
    [Theory]
    [InlineData(4096, long.MaxValue, 4096, QedCheckStatus.Leaks)]
    [InlineData(65536, long.MaxValue, 65536, QedCheckStatus.Leaks)]
    [InlineData(64 * MiB, long.MaxValue, 64 * MiB, QedCheckStatus.Leaks)]
    [InlineData(4096, long.MaxValue - 510, 4096, QedCheckStatus.Leaks)]
    [InlineData(4096, long.MaxValue - 511, 4096 - 512, QedCheckStatus.Corrupt)]
    [InlineData(4096, long.MaxValue - 4094, 1, QedCheckStatus.Corrupt)]
    public void The_part_of_the_last_possible_cluster_that_is_in_the_file_is_read(int clusterSize, long fileLength, int readable, QedCheckStatus status)
    {
        string folder = Directory.Exists("/dev/shm") ? Directory.CreateDirectory(Path.Combine("/dev/shm", Path.GetFileName(_folder.Path))).FullName : _folder.Path;
        try
        {
            MemoryStorage storage = new();
            LayOutLastCluster(storage, clusterSize, fileLength);
            using (QedImage image = QedImage.Open(storage))
            {
                IDisk disk = image.ToDisk(backing: null);
                AssertZero(disk, 0, readable);
                Exception? error = Record.Exception(() => Read(disk, 0, clusterSize));
                Assert.Equal(clusterSize == readable ? null : typeof(QedCorruptException), error?.GetType());
                DiskExtent[] map = [.. ExtentWalk.Over(disk, 0, readable, Cancellation)];
                Assert.Equal(readable, map.Sum(extent => extent.Length));
                QedCheckResult check = TestImage.Check(storage);
                Assert.Equal((status, long.MaxValue), (check.Status, check.ImageEndOffset));
            }

            string path = Path.Combine(folder, "a.qed");
            using (FileStream file = new(path, FileMode.Create))
            {
                try
                {
                    file.SetLength(fileLength);
                }
                catch (Exception e) when (e is IOException or ArgumentException)
                {
                    Assert.Skip("no available file system supports files of that length");
                }
            }

            using (IStorage real = HostFiles.Open(path, StorageAccess.Write))
            {
                LayOutLastCluster(real, clusterSize, fileLength);
            }

            QedRepairResult repair = ImageRepair.Run(path, new ImageRepairOptions(), progress: null, Cancellation);
            Assert.Equal(QedCheckStatus.Clean, repair.After.Status);
            using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: Cancellation);
            stream.ReadExactly(new byte[clusterSize]);
        }
        finally
        {
            if (folder != _folder.Path)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void LayOutLastCluster(IStorage storage, int clusterSize, long fileLength)
    {
        if (storage is MemoryStorage)
        {
            TestImage.Create(storage, new QedGeometry(clusterSize, 1), 64 * MiB);
        }
        else
        {
            MemoryStorage header = new();
            TestImage.Create(header, new QedGeometry(clusterSize, 1), 64 * MiB);
            byte[] start = new byte[QedHeader.Size];
            header.Read(0, start);
            storage.Write(0, start);
        }

        storage.SetLength(fileLength);
        storage.Write(clusterSize, BitConverter.GetBytes(2L * clusterSize));
        storage.Write(2L * clusterSize, BitConverter.GetBytes(long.MaxValue - clusterSize + 1));
    }

    [Theory(Skip = Host.NotKeepingHoles, SkipUnless = nameof(Host.KeepsHoles), SkipType = typeof(Host))]
    [InlineData(".vhdx", "vhdx", 64L << 40, 256 * MiB)]
    [InlineData(".vhd", "vpc", 2040L << 30, 2 * MiB)]
    [InlineData(".qcow2", "qcow2", ((4L << 20) / 16 * 15) << 39, 2 * MiB)]
    public void Qemu_reads_both_ends_of_the_largest_disks(string extension, string theirs, long size, int unit)
    {
        if (!Qemu.IsInstalled)
        {
            return;
        }

        ImageCreation.Run(At("a.qed"), new ImageCreationOptions { SizeBytes = size, ClusterSize = 2 * MiB, TableSize = 16 }, Cancellation);
        using (DiskStream stream = DiskOpening.Run(At("a.qed"), new DiskOpeningOptions { Writable = true }, cancellation: Cancellation))
        {
            stream.Write([.. Enumerable.Repeat((byte)1, 512)]);
            stream.Position = size - 512;
            stream.Write([.. Enumerable.Repeat((byte)2, 512)]);
        }

        bool hasBlocks = theirs != "qcow2";
        DiskConversion.Run(
            At("a.qed"), At("b" + extension), new DiskConversionOptions { BlockSize = hasBlocks ? unit : null, ClusterSize = hasBlocks ? null : unit }, progress: null, Cancellation);
        Qemu.Io(At("b" + extension), theirs, "read -q -P 1 0 512", "read -q -P 0 512 4k", string.Create(CultureInfo.InvariantCulture, $"read -q -P 2 {size - 512} 512"));
    }

    [Fact]
    public void Random_writes_near_powers_of_two_read_like_a_model() => Seeded.Run(9_223_000, 20, random =>
    {
        int clusterSize = random.Pick(2 * MiB, 8 * MiB, 64 * MiB);
        int tableSize = clusterSize == 2 * MiB ? 16 : 1;
        MemoryStorage storage = new();
        TestImage.Create(storage, new QedGeometry(clusterSize, tableSize), MaxSize);
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing: null);
        Dictionary<long, byte> model = [];
        for (int step = 0; step < 60; step++)
        {
            int count = random.Pick(1, 511, 512, 513, 4097);
            long near = random.Pick(1L << 31, 1L << 53, MaxSize - clusterSize, MaxSize) + random.Next(-5000, 5000);
            long at = Math.Max(0, Math.Min(near, MaxSize - count));
            switch (random.Next(4))
            {
                case 0:
                    disk.Zero(at, count);
                    for (int i = 0; i < count; i++)
                    {
                        model.Remove(at + i);
                    }

                    break;
                case 1:
                    byte[] data = new byte[count];
                    random.NextBytes(data);
                    disk.Write(at, data);
                    for (int i = 0; i < count; i++)
                    {
                        model[at + i] = data[i];
                    }

                    break;
                case 2:
                    long end = at;
                    foreach (DiskPiece piece in DiskPieces.Of(disk, other: null, at, MaxSize - at, random.Pick(4096, 512 << 10), Cancellation, random.Pick(1, 4096)))
                    {
                        Assert.Equal(end, piece.Offset);
                        Assert.True(piece.Length > 0);
                        end += piece.Length;
                    }

                    Assert.Equal(MaxSize, end);
                    break;
                default:
                    Assert.Equal([.. Enumerable.Range(0, count).Select(i => model.GetValueOrDefault(at + i))], Read(disk, at, count));
                    break;
            }
        }

        Assert.NotEqual(QedCheckStatus.Corrupt, TestImage.Check(storage).Status);
    });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static DiskRequest Request(QedDiskFormat kind, long size, int? unit, int? table) => new(size)
    {
        ClusterSize = kind is QedDiskFormat.Qed or QedDiskFormat.Qcow2 ? unit : null,
        TableSize = table,
        BlockSize = kind is QedDiskFormat.Vhd or QedDiskFormat.Vhdx ? unit : null,
    };

    private static IDiskLayer Create(QedDiskFormat kind, long size, int? unit, int? table, out MemoryStorage storage)
    {
        IDiskFormat format = DiskFormats.Of(kind);

        // The block map of the largest VDI is 2 GiB of 0xFF.
        storage = new MemoryStorage("a" + format.Extensions[0]) { Ones = kind == QedDiskFormat.Vdi ? (512, 512 + (0x1FFFFF80L * 4)) : default };
        NewDisk disk = format.Resolve(storage.Path, Request(kind, size, unit, table));
        Assert.Equal(size, disk.VirtualSize);
        return disk.Create(storage);
    }

    private static (IDiskLayer Layer, Ends Ends) Make(QedDiskFormat kind, long size, int? unit, int? table)
    {
        Ends ends = new(size);
        IDiskLayer layer = Create(kind, size, unit, table, out MemoryStorage storage);
        ends.WriteTo(layer.ToDisk(backing: null));
        layer.EndWriting();
        return (DiskFormats.Of(kind).Open(new ReadOnlyStorage(storage)), ends);
    }

    private static void AssertStream(IDisk disk, Ends ends)
    {
        using DiskStream stream = new(disk, () => { });
        Assert.Equal(ends.Size, stream.Length);
        byte[] end = new byte[600];
        Assert.Equal(ends.Size - 512, stream.Seek(-512, SeekOrigin.End));
        Assert.Equal(512, stream.Read(end, 0, end.Length));
        Assert.Equal(ends.Read(ends.Size - 512, 512), end[..512]);
        Assert.Equal(ends.Size, stream.Position);
        Assert.Equal(0, stream.Read(end, 0, end.Length));
        stream.Position = long.MaxValue;
        Assert.Equal(0, stream.Read(end, 0, end.Length));
        Assert.Throws<IOException>(() => stream.Seek(1, SeekOrigin.Current));
        Assert.Throws<IOException>(() => stream.Seek(long.MinValue, SeekOrigin.End));
    }

    private static void AssertMaps(IDisk disk, Ends ends)
    {
        const int Window = 64 * MiB;
        foreach (long offset in ends.Places)
        {
            long rest = ends.Size - offset;
            foreach (long length in new[] { 1, 512, Math.Min(rest, Window), offset is 0 or > 1L << 62 ? rest : 1 }.Where(length => length <= rest))
            {
                ends.AssertCover(
                    ExtentWalk.Over(disk, offset, length, Cancellation).Select(extent => (extent.Start, extent.Length, extent.State == QedExtentState.Data)), offset, length);
            }

            foreach (int unit in new[] { 1, 4096, 64 * MiB }.Where(unit => offset % unit == 0))
            {
                long length = Math.Min(rest, 4 * Window);
                ends.AssertCover(
                    DiskPieces.Of(disk, other: null, offset, length, Math.Max(unit, DiskCopy.PieceBytes), Cancellation, unit).Select(piece => (piece.Offset, piece.Length, piece.HasData)), offset, length);
            }
        }
    }

    private static void AssertCopies(IDisk disk, int granule, Ends ends)
    {
        // Copies to a new image, and to one over a base with different contents.
        foreach (RawSource? below in new[] { null, new RawSource(new Ends(ends.Size, seed: 4)) })
        {
            MemoryStorage storage = new();
            TestImage.Create(storage, new QedGeometry(2 * MiB, 16), ends.Size, backing: below is null ? null : new BackingReference("b.raw", IsRaw: true));
            QedImage image = TestImage.OpenForWriting(storage);
            IDisk target = image.ToDisk(below);
            List<OperationProgress> reported = [];
            DiskCopy.Run(disk, new CopyTarget(target, below is null ? granule : 2 * MiB, below, FlushedLater: null), new Sink(reported), Cancellation);
            AssertProgress(reported);
            ends.AssertReadFrom(target);
            Assert.Equal((null, 0), DiskComparison.Compare(disk, target, progress: null, Cancellation));

            byte last = Read(target, ends.Size - 1, 1)[0];
            target.Write(ends.Size - 1, [(byte)(last ^ 1)]);
            Assert.Equal((ends.Size - 1, 1), DiskComparison.Compare(target, disk, progress: null, Cancellation));
        }
    }

    private static void AssertProgress(List<OperationProgress> reported)
    {
        Assert.NotEmpty(reported);
        OperationProgress before = new(0, reported[0].BytesTotal);
        foreach (OperationProgress progress in reported)
        {
            Assert.InRange(progress.Stage, before.Stage, progress.Stages);
            Assert.InRange(progress.BytesDone, progress.Stage == before.Stage ? before.BytesDone : 0, progress.BytesTotal);
            Assert.InRange(progress.Percent, before.Percent, 100);
            before = progress;
        }

        Assert.Equal(100, reported[^1].Percent);
    }

    private static void AssertSame(Ends ends, string path)
    {
        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: Cancellation))
        {
            Assert.Equal(ends.Size, stream.Length);
            foreach (long place in ends.Places)
            {
                byte[] read = new byte[Math.Min(3000, ends.Size - place)];
                stream.Position = place;
                stream.ReadExactly(read);
                Assert.Equal(ends.Read(place, read.Length), read);
            }
        }

        if (!path.EndsWith(".qed", StringComparison.Ordinal))
        {
            return;
        }

        foreach (long offset in ends.Places)
        {
            foreach (long? length in new long?[] { null, 1, (ends.Size - offset + 1) / 2 })
            {
                ImageMappingOptions options = new() { Offset = offset, Length = length, BackingChain = true };
                ends.AssertCover(
                    ImageMapping.Run(path, options, Cancellation).Select(extent => (extent.Start, extent.Length, extent.State == QedExtentState.Data)),
                    offset,
                    length ?? ends.Size - offset);
            }
        }
    }

    private static byte[] Read(IDisk disk, long offset, int count)
    {
        byte[] read = new byte[count];
        disk.Read(offset, read);
        return read;
    }

    private static void AssertZero(IDisk disk, long offset, int count) => Assert.Equal(new byte[count], Read(disk, offset, count));

    private static long MakeLongest(string path)
    {
        using FileStream file = new(path, FileMode.CreateNew);
        for (long length = long.MaxValue; ; length = (length >> 1) + 1)
        {
            try
            {
                file.SetLength(length);
                return length;
            }
            catch (Exception e) when (e is IOException or ArgumentException && length > 1 << 20)
            {
            }
        }
    }

    private string At(string name) => _folder.PathOf(name);

    // A minimal disk: data at both ends, holes between.
    private sealed class RawSource(Ends ends) : IDisk
    {
        public long Length => ends.Size;

        public bool CanWrite => false;

        public DiskExtent ExtentAt(long offset, long length)
        {
            long tail = Math.Max(Ends.Bytes, ends.Size - Ends.Bytes);
            return offset < Ends.Bytes ? new DiskExtent(offset, Math.Min(length, Ends.Bytes - offset), QedExtentState.Data, offset, Depth: 0)
                : offset < tail ? new DiskExtent(offset, Math.Min(length, tail - offset), QedExtentState.Zero, FileOffset: 0, Depth: 0)
                : new DiskExtent(offset, length, QedExtentState.Data, offset, Depth: 0);
        }

        public void Read(long offset, Span<byte> buffer) => ends.Read(offset, buffer.Length).CopyTo(buffer);

        public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

        public void Zero(long offset, long length) => throw new NotSupportedException();

        public void Flush() => throw new NotSupportedException();

        public void SetLength(long length) => throw new NotSupportedException();
    }

    private sealed class Sink(List<OperationProgress> reported) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => reported.Add(value);
    }
}
