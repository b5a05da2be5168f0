using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>The order in which an image's file is changed (design, section 3).</summary>
public sealed class OrderingTests
{
    private static readonly QedGeometry Geometry = new(4096, 2);

    public static TheoryData<int> Some => Seeds.Take(12);

    [Fact]
    public void A_session_that_only_reads_changes_nothing()
    {
        (RecordingStorage storage, QedImage image, IDisk disk) = Open(Written());
        disk.Read(0, new byte[100_000]);
        disk.Flush();
        TestImage.Close(image);
        Assert.Empty(storage.Changes);
    }

    [Fact]
    public void A_write_in_place_writes_its_bytes_and_nothing_else()
    {
        (RecordingStorage storage, QedImage image, IDisk disk) = Open(Written());
        long fileOffset = disk.ExtentAt(0, 1).FileOffset;
        disk.Write(5000, new byte[300]);
        disk.Write(100, new byte[9000]);
        TestImage.Close(image);
        Assert.Equal(
            [$"Write {fileOffset + 5000}+300", $"Write {fileOffset + 100}+9000", "flush"],
            storage.Changes.Select(change => change.ToString()));
    }

    [Fact]
    public void The_need_check_bit_is_on_the_disk_before_anything_is_allocated()
    {
        (Action<IDisk> Do, IDisk? Backing)[] ways =
        [
            (disk => disk.Write(500_000, [1]), null),
            (disk => disk.Write(500_000, [1]), Raw()),
            (disk => disk.Zero(500_000, 20_000), Raw()),
            (disk => disk.Zero(0, 8192), null),
            (disk => disk.SetLength(4096), null),
        ];
        foreach ((Action<IDisk> act, IDisk? backing) in ways)
        {
            (RecordingStorage storage, QedImage image, IDisk disk) = Open(Written(backing is not null), backing);
            act(disk);
            disk.Flush();
            Assert.True(storage.Changes[0].IsHeader && storage.Changes[0].Header.NeedsCheck, $"First came {storage.Changes[0]}.");
            Assert.Equal(StorageCall.Flush, storage.Changes[1].Kind);
            Assert.Equal(1, storage.Changes.Count(change => change.IsHeader && change.Header.ImageSize == (1 << 20)));
            TestImage.Close(image);
        }
    }

    [Fact]
    public void The_need_check_bit_is_cleared_when_everything_is_on_the_disk()
    {
        (RecordingStorage storage, QedImage image, IDisk disk) = Open(Written());
        disk.Write(500_000, [1]);
        disk.Zero(0, 4096);
        TestImage.Close(image);
        IReadOnlyList<StorageEvent> last = [.. storage.Changes.TakeLast(3)];
        Assert.Equal(StorageCall.Flush, last[0].Kind);
        Assert.True(last[1].IsHeader && !last[1].Header.NeedsCheck);
        Assert.Equal(StorageCall.Flush, last[2].Kind);
        Assert.Equal(2, storage.Changes.Count(change => change.IsHeader));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unknown_autoclear_features_are_cleared_on_the_disk_before_the_first_change(bool isInPlace)
    {
        MemoryStorage file = Written();
        QedHeader header = QedImage.Open(file).Header with { AutoclearFeatures = 0xF0 };
        byte[] bytes = new byte[QedHeader.Size];
        header.WriteTo(bytes);
        file.Write(0, bytes);

        (RecordingStorage storage, QedImage image, IDisk disk) = Open(file);
        disk.Read(0, new byte[10]);
        Assert.Empty(storage.Changes);
        disk.Write(isInPlace ? 0 : 500_000, [1]);
        TestImage.Close(image);
        Assert.True(storage.Changes[0].IsHeader);
        Assert.Equal(0UL, storage.Changes[0].Header.AutoclearFeatures);
        Assert.Equal(StorageCall.Flush, storage.Changes[1].Kind);
        Assert.Equal(0UL, QedImage.Open(file).Header.AutoclearFeatures);
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void Data_is_written_before_tables_and_tables_before_the_entries_that_refer_to_them(int seed)
    {
        Random random = new(seed);
        IDisk? backing = seed % 2 == 0 ? Raw() : null;
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(4096, 1), 64 << 20, headerSize: 1, backing is null ? null : new BackingReference("base.raw", true));
        MemoryStorage start = new("top.qed");
        TestImage.Create(start, new QedGeometry(4096, 1), 64 << 20, headerSize: 1, backing is null ? null : new BackingReference("base.raw", true));
        (RecordingStorage storage, QedImage image, IDisk disk) = Open(file, backing);
        foreach (DiskStep step in DiskScript.Generate(random, 60, disk.Length, disk.Length, Geometry, []))
        {
            if (step.Kind == StepKind.Flush)
            {
                disk.Flush();
            }
            else if (step.Kind is StepKind.Write or StepKind.Zero)
            {
                DiskChain.Apply(disk, new ModelDisk(disk.Length), step);
            }
        }

        disk.Flush();
        AssertOrder(storage.Changes, start.Length, backing is not null);
        TestImage.Close(image);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clusters_in_the_order_of_another_file_are_written_before_the_entries_that_refer_to_them(bool hasBacking)
    {
        QedGeometry geometry = new(4096, 1);
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, geometry, 1 << 20, headerSize: 1, hasBacking ? new BackingReference("base.raw", IsRaw: true) : null);
        long length = file.Length;
        (RecordingStorage storage, QedImage image, IDisk disk) = Open(file, hasBacking ? Raw() : null);
        ScatteredExtents.Builder builder = new();
        MemoryStorage source = new("source.qed");
        for (int i = 0; i < 40; i++)
        {
            source.Write(i * 4096, [.. Enumerable.Repeat((byte)(i + 1), 4096)]);
            builder.Add(new DiskExtent((39 - i) * 8192, 4096, QedExtentState.Data, i * 4096, 0));
        }

        ((IPlacingDisk)disk).Write(builder.In(source), new SharedBytes(), TestContext.Current.CancellationToken);
        disk.Flush();

        Assert.NotEmpty(Entries(storage.Changes, geometry.ClusterSize, geometry.ClusterSize));
        AssertOrder(storage.Changes, length, hasBacking);
        byte[] first = new byte[4096];
        disk.Read(39 * 8192, first);
        Assert.All(first, one => Assert.Equal(1, one));
        TestImage.Close(image);
    }

    // No cluster is reused before the image is closed, so every part of the file keeps its role.
    private static void AssertOrder(List<StorageEvent> changes, long length, bool hasBacking)
    {
        const int TableBytes = 4096;
        const long L1Offset = 4096;
        HashSet<long> tables = [.. Entries(changes, L1Offset, TableBytes).Select(entry => entry.Value)];
        Assert.NotEmpty(tables);
        Dictionary<long, long> seen = [];
        for (int i = 0; i < changes.Count; i++)
        {
            StorageEvent change = changes[i];
            length = change.Kind switch
            {
                StorageCall.SetLength => change.Offset,
                StorageCall.Write => Math.Max(length, change.End),
                _ => length,
            };
            foreach ((long place, long value, bool isL1) in EntriesOf(change, L1Offset, tables, TableBytes))
            {
                if (seen.TryGetValue(place, out long known) && known == value)
                {
                    continue;
                }

                seen[place] = value;
                Assert.True(value + 4096 <= length, $"{change} refers to {value} in a file of {length} bytes.");
                int written = LastWriteTo(changes, i, value, 4096);
                bool mustBeFlushed = isL1 || hasBacking;
                Assert.True(
                    !mustBeFlushed || written < 0 || changes.Take(i).Skip(written).Any(e => e.Kind == StorageCall.Flush),
                    $"{change} refers to {value}, whose data ({changes[Math.Max(0, written)]}) may not be on the disk.");
                Assert.True(!isL1 || written >= 0, $"{change} refers to a table that was never written.");
            }
        }
    }

    private static int LastWriteTo(List<StorageEvent> changes, int before, long offset, long length)
    {
        for (int i = before - 1; i >= 0; i--)
        {
            if (changes[i].Kind == StorageCall.Write && changes[i].Offset < offset + length && changes[i].End > offset)
            {
                return i;
            }
        }

        return -1;
    }

    private static IEnumerable<(long Place, long Value, bool IsL1)> EntriesOf(StorageEvent change, long l1, HashSet<long> tables, int tableBytes)
    {
        long cluster = change.Offset / 4096 * 4096;
        bool isL1 = cluster == l1;
        return change.Kind == StorageCall.Write && (isL1 || tables.Contains(cluster))
            ? Entries([change], cluster, tableBytes).Select(entry => (entry.Place, entry.Value, isL1))
            : [];
    }

    // All offsets that were ever stored in a table.
    private static IEnumerable<(long Place, long Value)> Entries(IEnumerable<StorageEvent> changes, long table, int tableBytes)
    {
        foreach (StorageEvent change in changes.Where(c => c.Kind == StorageCall.Write && c.Offset >= table && c.End <= table + tableBytes))
        {
            for (int at = 0; at + 8 <= change.Data.Length; at += 8)
            {
                long value = BitConverter.ToInt64(change.Data, at);
                if (value > 1)
                {
                    yield return (change.Offset + at, value);
                }
            }
        }
    }

    private static (RecordingStorage Storage, QedImage Image, IDisk Disk) Open(MemoryStorage file, IDisk? backing = null)
    {
        RecordingStorage storage = new(file);
        QedImage image = TestImage.OpenForWriting(storage);
        return (storage, image, image.ToDisk(backing));
    }

    // 1 MiB, of which the first 64 KiB are data.
    private static MemoryStorage Written(bool hasBacking = false)
    {
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, Geometry, 1 << 20, headerSize: 1, hasBacking ? new BackingReference("base.raw", IsRaw: true) : null);
        QedImage image = TestImage.OpenForWriting(file);
        image.ToDisk(hasBacking ? Raw() : null).Write(0, [.. Enumerable.Repeat((byte)0x44, 64 << 10)]);
        TestImage.Close(image);
        TestImage.AssertClean(file);
        return file;
    }

    private static RawDisk Raw()
    {
        MemoryStorage raw = new("base.raw");
        raw.Write(0, [.. Enumerable.Repeat((byte)0x77, 1 << 20)]);
        return new RawDisk(new ReadOnlyStorage(raw));
    }
}
