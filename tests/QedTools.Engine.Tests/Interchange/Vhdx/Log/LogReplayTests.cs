using System;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Vhdx;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx.Log;

/// <summary>A log that is not empty is replayed for reading, and the file does not change.</summary>
public sealed class LogReplayTests
{
    private const int MiB = 1 << 20;
    private const int Sector = 4096;

    [Fact]
    public void An_entry_changes_the_table()
    {
        (VhdxSketch sketch, LogSketch log, byte[] bat) = FileWithLog();
        long place = sketch.Append(MiB);
        sketch.Storage.Write(place, DiskBytes.Random(1, MiB));
        SetIn(bat, 2, (ulong)place | 6);
        log.Add(1, tail: 0, LogSketch.Data(sketch.BatOffset, bat));

        IDisk disk = Open(sketch);

        Assert.Equal(DiskBytes.Random(1, MiB), DiskBytes.Read(disk, 2 * MiB, MiB));
        Assert.Equal([0, 2 * MiB, 3 * MiB], DiskBytes.Extents(disk).Select(extent => extent.Start));
    }

    [Fact]
    public void A_data_sector_is_complete_including_its_first_and_last_bytes()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, DiskBytes.Random(1, MiB));
        byte[] data = DiskBytes.Random(2, Sector);
        log.Add(1, tail: 0, LogSketch.Data(place + (3 * Sector), data));
        byte[] expected = DiskBytes.Random(1, MiB);
        data.CopyTo(expected, 3 * Sector);

        IDisk disk = Open(sketch);

        Assert.Equal(expected, DiskBytes.Read(disk, 0, MiB));
        for (int offset = (3 * Sector) - 20; offset < (4 * Sector) + 20; offset += 7)
        {
            Assert.Equal(expected[offset..(offset + 13)], DiskBytes.Read(disk, offset, 13));
        }
    }

    [Fact]
    public void Later_changes_override_earlier_ones_within_and_between_entries()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        log.Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector)), LogSketch.Data(place + Sector, Fill(2, Sector)), LogSketch.Zeroes(place + Sector, 4 * Sector));
        log.Add(2, tail: 0, LogSketch.Data(place + (3 * Sector), Fill(3, Sector)), LogSketch.Data(place + (3 * Sector), Fill(4, Sector)));
        log.Add(3, tail: 0, LogSketch.Zeroes(place + (6 * Sector), 2 * Sector), LogSketch.Zeroes(place + (7 * Sector), 3 * Sector), LogSketch.Zeroes(place, 0));

        byte[] expected = Fill(0x11, MiB);
        Fill(1, Sector).CopyTo(expected, 0);
        expected.AsSpan(Sector, 4 * Sector).Clear();
        Fill(4, Sector).CopyTo(expected, 3 * Sector);
        expected.AsSpan(6 * Sector, 4 * Sector).Clear();
        Assert.Equal(expected, DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void An_entry_has_as_many_descriptors_as_it_needs()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        LogSketch.Change[] changes = [.. Enumerable.Range(0, 200).Select(i => LogSketch.Data(place + (i * Sector), DiskBytes.Random(i, Sector)))];
        log.Add(1, tail: 0, changes);

        Assert.Equal(
            [.. changes.SelectMany(change => change.Data!), .. Fill(0x11, MiB - (200 * Sector))], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void Tables_and_metadata_can_be_in_the_log()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long newBat = sketch.Append(MiB);
        long place = sketch.Append(MiB);
        sketch.Storage.Write(place, Fill(7, MiB));
        sketch.Write64(newBat, (ulong)place | 6);
        byte[] table = VhdxSketch.RegionTableOf((VhdxSketch.BatRegion, newBat, MiB, 1), (VhdxSketch.MetadataRegion, sketch.MetadataOffset, MiB, 1));
        byte[] items = new byte[Sector];
        BitConverter.GetBytes(2L * MiB).CopyTo(items, 0);
        sketch.Write32(VhdxSketch.FirstRegionTable, 0); // a torn write
        sketch.Write32(VhdxSketch.SecondRegionTable, 0);
        log.Add(
            1, tail: 0, LogSketch.Data(VhdxSketch.FirstRegionTable, table[..Sector]), LogSketch.Data(sketch.ItemOffset(1), items));

        IDisk disk = Open(sketch);

        Assert.Equal(2 * MiB, disk.Length);
        Assert.Equal([.. Fill(7, MiB), .. new byte[MiB]], DiskBytes.Read(disk, 0, 2 * MiB));
    }

    [Fact]
    public void The_ring_wraps_around_to_its_start()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        log.Position = MiB - (3 * Sector);
        long tail = log.Add(5, MiB - (3 * Sector), LogSketch.Data(place, Fill(1, Sector))); // 2 sectors
        log.Add(6, tail, LogSketch.Data(place + Sector, Fill(2, Sector)), LogSketch.Data(place + (2 * Sector), Fill(3, Sector))); // wraps around the end
        log.Add(7, tail, LogSketch.Data(place + Sector, Fill(4, Sector)));
        Assert.Equal(4 * Sector, log.Position);

        Assert.Equal(
            [.. Fill(1, Sector), .. Fill(4, Sector), .. Fill(3, Sector), .. Fill(0x11, MiB - (3 * Sector))], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void A_full_ring_is_replayed_once_starting_at_its_tail()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        for (int i = 0; i < MiB / (2 * Sector); i++)
        {
            log.Add((ulong)i + 1, tail: 0, LogSketch.Data(place + ((i % 3) * Sector), Fill((byte)i, Sector)));
        }

        // 127, 126 and 125 are the last entries for each offset.
        Assert.Equal(
            [.. Fill(126, Sector), .. Fill(127, Sector), .. Fill(125, Sector), .. Fill(0x11, MiB - (3 * Sector))], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void Entries_before_the_tail_are_already_applied()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        log.Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector)));
        long tail = log.Add(2, tail: 0, LogSketch.Data(place + Sector, Fill(2, Sector)));
        log.Add(3, tail, LogSketch.Data(place + (2 * Sector), Fill(3, Sector)));

        Assert.Equal(
            [.. Fill(0x11, Sector), .. Fill(2, Sector), .. Fill(3, Sector), .. Fill(0x11, MiB - (3 * Sector))], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void An_unfinished_entry_ends_the_log()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        log.Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector)));
        byte[] torn = log.BytesOf(2, tail: 0, LogSketch.Data(place, Fill(2, Sector)), LogSketch.Data(place + Sector, Fill(2, Sector)));
        log.Write(log.Position, torn.AsSpan(0, torn.Length - Sector));

        Assert.Equal([.. Fill(1, Sector), .. Fill(0x11, MiB - Sector)], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void Remains_of_older_rounds_are_skipped()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        LogSketch.Change[] old = [LogSketch.Data(place, Fill(0xEE, Sector)), LogSketch.Data(place + (5 * Sector), Fill(0xEE, Sector))];
        new LogSketch(sketch) { Guid = Guid.NewGuid(), Position = 20 * Sector }.Add(100, 20 * Sector, old); // belongs to another log
        log.Position = 40 * Sector;
        log.Add(3, 40 * Sector, old); // complete, but older
        log.Position = 60 * Sector;
        log.Add(90, 30 * Sector, old); // its tail is overwritten
        log.Add(91, 30 * Sector, old);
        log.Position = 0;
        log.Add(10, tail: 0, LogSketch.Data(place, Fill(1, Sector)));
        log.Add(11, tail: 0, LogSketch.Data(place + Sector, Fill(2, Sector)));
        log.Add(13, tail: 0, old); // not consecutive

        Assert.Equal([.. Fill(1, Sector), .. Fill(2, Sector), .. Fill(0x11, MiB - (2 * Sector))], DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Theory]
    [InlineData(0)] // its signature
    [InlineData(4)] // its checksum
    [InlineData(8)] // its length
    [InlineData(40)] // the log it belongs to
    [InlineData(64)] // a descriptor's signature
    [InlineData(88)] // a descriptor's sequence number
    [InlineData(Sector)] // the data's signature
    [InlineData(Sector + 4)] // the data's sequence number, upper half
    [InlineData((2 * Sector) - 4)] // and lower half
    [InlineData(Sector + 1000)] // the data
    public void An_entry_with_a_wrong_byte_is_invalid(int at)
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        log.Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector)));
        byte[] entry = log.BytesOf(2, tail: 0, LogSketch.Data(place, Fill(2, Sector)));
        entry[at] ^= 1;
        log.Write(log.Position, entry);
        Assert.Equal([.. Fill(1, Sector), .. Fill(0x11, MiB - Sector)], DiskBytes.Read(Open(sketch), 0, MiB));

        // It is invalid even if its checksum is correct.
        if (at >= 64 && at != Sector + 1000)
        {
            VhdxSketch.Seal(entry);
            log.Write(log.Position, entry);
            Assert.Equal([.. Fill(1, Sector), .. Fill(0x11, MiB - Sector)], DiskBytes.Read(Open(sketch), 0, MiB));
        }
    }

    [Fact]
    public void A_log_without_an_intact_entry_is_refused()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        byte[] entry = log.BytesOf(1, tail: 0, LogSketch.Data(sketch.BatOffset, new byte[Sector]));
        entry[^100] ^= 1;
        log.Write(0, entry);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(sketch));

        Assert.Contains("intact entries in the log is 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_was_announced_but_not_started_is_empty()
    {
        (VhdxSketch sketch, _, _) = FileWithLog();
        long place = sketch.Put(0, Fill(0x11, MiB));
        new LogSketch(sketch) { Guid = Guid.NewGuid() }.Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector))); // belongs to another log

        Assert.Equal(Fill(0x11, MiB), DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void A_log_that_is_not_announced_is_ignored()
    {
        VhdxSketch sketch = new(4 * MiB);
        long place = sketch.Put(0, Fill(0x11, MiB));
        new LogSketch(sketch).Add(1, tail: 0, LogSketch.Data(place, Fill(1, Sector)));

        Assert.Equal(Fill(0x11, MiB), DiskBytes.Read(Open(sketch), 0, MiB));
    }

    [Fact]
    public void The_file_appears_as_long_as_the_log_requires()
    {
        (VhdxSketch sketch, LogSketch log, byte[] bat) = FileWithLog();
        long end = sketch.Storage.Length;
        SetIn(bat, 0, (ulong)end | 6);
        log.FileLengths = (end, end + MiB);
        log.Add(1, tail: 0, LogSketch.Data(sketch.BatOffset, bat), LogSketch.Data(end + Sector, Fill(1, Sector)));

        IDisk disk = Open(sketch);

        Assert.Equal([.. new byte[Sector], .. Fill(1, Sector), .. new byte[MiB - (2 * Sector)]], DiskBytes.Read(disk, 0, MiB));
        Assert.Equal(
            [(0, QedExtentState.Zero), (Sector, QedExtentState.Data), (2 * Sector, QedExtentState.Zero), (MiB, QedExtentState.Unallocated)],
            DiskBytes.Extents(disk).Select(extent => ((int)extent.Start, extent.State)));
        Assert.Equal(end, sketch.Storage.Length);
    }

    [Fact]
    public void A_file_that_is_shorter_than_the_log_says_is_refused()
    {
        (VhdxSketch sketch, LogSketch log, byte[] bat) = FileWithLog();
        log.FileLengths = (sketch.Storage.Length + MiB, sketch.Storage.Length + MiB);
        log.Add(1, tail: 0, LogSketch.Data(sketch.BatOffset, bat));

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(sketch));

        Assert.Contains($"the file's length is {sketch.Storage.Length}, but must be at least {sketch.Storage.Length + MiB}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranges_that_the_log_changes_are_data_or_holes_as_in_the_log()
    {
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long hole = sketch.Put(0, []);
        long data = sketch.Put(1, Fill(0x11, MiB));
        log.Add(1, tail: 0, LogSketch.Data(hole + (5 * Sector), Fill(1, Sector)), LogSketch.Zeroes(data + Sector, 2 * Sector));

        Assert.Equal(
            [
                (0, QedExtentState.Zero),
                (5 * Sector, QedExtentState.Data),
                (6 * Sector, QedExtentState.Zero),
                (MiB, QedExtentState.Data),
                (MiB + Sector, QedExtentState.Zero),
                (MiB + (3 * Sector), QedExtentState.Data),
                (2 * MiB, QedExtentState.Unallocated),
            ],
            DiskBytes.Extents(Open(sketch)).Select(extent => ((int)extent.Start, extent.State)));
    }

    [Fact]
    public void Replaying_entries_crafted_to_take_long_is_abandoned()
    {
        // Each of 256 positions would need 1 MiB to be checked.
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        for (int at = 0; at < MiB; at += Sector)
        {
            byte[] head = log.BytesOf(1, tail: 0)[..Sector];
            BitConverter.GetBytes(MiB).CopyTo(head, 8);
            log.Write(at, head);
        }

        MeteredStorage metered = new(new ReadOnlyStorage(sketch.Storage));
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => VhdxLayer.Open(metered));

        Assert.Contains("the log's length with all its entries", error.Message, StringComparison.Ordinal);
        Assert.InRange(metered.BytesRead, 0, 10 * MiB);
    }

    [Theory]
    [MemberData(nameof(Seeds.Take), 30, MemberType = typeof(Seeds))]
    public void Any_log_has_the_effect_of_its_entries_in_order(int seed)
    {
        Random random = new(seed);
        (VhdxSketch sketch, LogSketch log, _) = FileWithLog();
        long place = sketch.Put(0, DiskBytes.Random(seed, MiB));
        byte[] expected = DiskBytes.Random(seed, MiB);
        log.Position = random.Next(256) * Sector;
        long tail = log.Position;
        ulong number = (ulong)random.NextInt64(1, long.MaxValue);
        for (int used = 0; used < 200;)
        {
            LogSketch.Change[] changes = new LogSketch.Change[random.Next(0, 20)];
            for (int i = 0; i < changes.Length; i++)
            {
                int at = random.Next(256);
                int count = random.Next(1, Math.Min(10, 257 - at));
                bool isData = random.Next(2) == 0;
                changes[i] = isData
                    ? LogSketch.Data(place + (at * Sector), DiskBytes.Random(random.Next(), Sector))
                    : LogSketch.Zeroes(place + (at * Sector), count * Sector);
                expected.AsSpan(at * Sector, isData ? Sector : count * Sector).Clear();
                changes[i].Data?.CopyTo(expected, at * Sector);
            }

            log.Add(number++, tail, changes);
            used += 1 + changes.Count(change => change.Data is not null);
        }

        IDisk disk = Open(sketch);
        Assert.Equal(expected, DiskBytes.Read(disk, 0, MiB));
        for (int i = 0; i < 20; i++)
        {
            int offset = random.Next(MiB);
            int length = random.Next(1, Math.Min(MiB - offset, 50_000) + 1);
            Assert.Equal(expected[offset..(offset + length)], DiskBytes.Read(disk, offset, length));
        }

        foreach (DiskExtent extent in DiskBytes.Extents(disk).Where(extent => extent.State != QedExtentState.Data && extent.Start < MiB))
        {
            Assert.DoesNotContain(expected[(int)extent.Start..(int)Math.Min(MiB, extent.End)], value => value != 0);
        }
    }

    private static (VhdxSketch Sketch, LogSketch Log, byte[] Bat) FileWithLog()
    {
        VhdxSketch sketch = new(4 * MiB);
        LogSketch log = new(sketch);
        log.Announce();
        return (sketch, log, new byte[Sector]);
    }

    private static void SetIn(byte[] bat, int block, ulong entry) => BitConverter.GetBytes(entry).CopyTo(bat, block * 8);

    private static byte[] Fill(byte value, int length) => [.. Enumerable.Repeat(value, length)];

    private static IDisk Open(VhdxSketch sketch)
    {
        IStorage file = new ReadOnlyStorage(sketch.Storage);
        return VhdxLayer.Open(file).ToDisk(backing: null);
    }
}
