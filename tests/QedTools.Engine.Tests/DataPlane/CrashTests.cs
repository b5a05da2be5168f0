using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>
/// The power fails after each single change of the file: everything flushed before is there, in full; of the later changes,
/// each sector is old or new, whichever of them reached the disk.
/// </summary>
public sealed class CrashTests
{
    private const int SectorSize = 512;
    private const int SamplesPerPoint = 3;

    public static TheoryData<int> Some => Seeds.Take(10);

    public static TheoryData<int> Few => Seeds.Take(4);

    [Theory]
    [MemberData(nameof(Some))]
    public void A_crash_with_an_image_without_a_backing_file_loses_nothing_flushed(int seed) =>
        Torture(seed, NewImage(seed, backing: null), backing: null);

    [Theory]
    [MemberData(nameof(Some))]
    public void A_crash_with_an_overlay_loses_nothing_flushed(int seed)
    {
        Random random = new(seed);
        MemoryStorage raw = new("base.raw");
        byte[] content = new byte[random.Next(1, 1 << 20)];
        random.NextBytes(content);
        raw.Write(0, content);
        IDisk backing = new RawDisk(new ReadOnlyStorage(raw));
        Torture(seed, NewImage(seed, new BackingReference("base.raw", IsRaw: true)), backing);
    }

    [Theory]
    [MemberData(nameof(Few))]
    public void A_crash_with_tables_scattered_over_the_file_loses_nothing_flushed(int seed)
    {
        MemoryStorage storage = new("top.qed");
        storage.Write(0, File.ReadAllBytes(Fixture.PathOf(seed % 2 == 0 ? "images/l1-at-end.qed" : "damaged/leak-in-middle.qed")));
        Torture(seed, storage, backing: null);
    }

    /// <summary>Packing moves a table by less than its length, so that it overlaps itself.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(16)]
    public void A_crash_while_a_table_moves_over_itself_loses_nothing(int tableSize)
    {
        MemoryStorage storage = new("top.qed");
        TestImage.Create(storage, new QedGeometry(4096, tableSize), size: 1 << 20, headerSize: 1, new BackingReference("base.raw", IsRaw: true));
        MemoryStorage raw = new("base.raw");
        raw.Write(0, [.. Enumerable.Repeat((byte)0x77, 1 << 20)]);
        Play(
            new Random(tableSize),
            storage,
            new RawDisk(new ReadOnlyStorage(raw)),
            [new DiskStep(StepKind.Write, 0, 4096, 3), new DiskStep(StepKind.Flush, 0, 0, 0), new DiskStep(StepKind.Zero, 0, 4096, 0)]);
    }

    [Fact]
    public void A_crash_while_the_L1_table_moves_over_itself_loses_nothing()
    {
        MemoryStorage storage = new("top.qed");
        storage.Write(0, File.ReadAllBytes(Fixture.PathOf("images/l1-at-end.qed")));
        Play(
            new Random(1),
            storage,
            backing: null,
            [
                new DiskStep(StepKind.Write, 40960, 4096, 3),
                new DiskStep(StepKind.Flush, 0, 0, 0),
                new DiskStep(StepKind.Zero, 8192, 4096, 0),
                new DiskStep(StepKind.Zero, 40960, 4096, 0),
            ]);
    }

    private static MemoryStorage NewImage(int seed, BackingReference? backing)
    {
        MemoryStorage storage = new("top.qed");
        TestImage.Create(storage, new QedGeometry(4096, 1 << (seed % 3)), size: 3 << 18, headerSize: 1, backing);
        return storage;
    }

    private static void Torture(int seed, MemoryStorage start, IDisk? backing)
    {
        Random random = new(seed);
        QedImage before = QedImage.Open(new ReadOnlyStorage(start));
        long size = Math.Min(before.VirtualSize, 3 << 18);
        List<DiskStep> steps = [.. DiskScript.Generate(random, 36, size, size, before.Header.Geometry, [])
            .Where(step => step.Kind is not (StepKind.Read or StepKind.Reopen))];
        try
        {
            Play(new Random(seed), start, backing, steps);
        }
        catch (Exception failure)
        {
            List<DiskStep> shortest = DiskScript.Shorten(
                steps, shorter => Record.Exception(() => Play(new Random(seed), start, backing, shorter)) is not null);
            Exception last = Record.Exception(() => Play(new Random(seed), start, backing, shortest)) ?? failure;
            Assert.Fail($"QEDTOOLS_SEED={seed}:\n{string.Join('\n', shortest)}\n{last}");
        }
    }

    private static void Play(Random random, MemoryStorage start, IDisk? backing, List<DiskStep> steps)
    {
        RecordingStorage storage = new(Copy(start));
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing);
        List<Epoch> epochs = [new Epoch(0, ContentOf(disk))];
        foreach (DiskStep step in steps)
        {
            Epoch now = epochs[^1];
            int from = storage.Changes.Count;
            switch (step.Kind)
            {
                case StepKind.Flush:
                    disk.Flush();
                    epochs.Add(new Epoch(storage.Changes.Count, now.Newest));
                    break;
                case StepKind.Resize when step.Offset == disk.Length:
                    break;
                case StepKind.Resize:
                    now.Resize(from, step.Offset);
                    disk.SetLength(step.Offset);
                    epochs.Add(new Epoch(storage.Changes.Count, now.Newest));
                    break;
                default:
                    long length = Math.Min(step.Length, disk.Length - step.Offset);
                    if (length > 0)
                    {
                        now.Change(from, step, length);
                        DiskChain.Apply(disk, new ModelDisk(disk.Length), step);
                    }

                    break;
            }
        }

        TestImage.Close(image);
        Assert.Equal(epochs[^1].Newest, ContentOf(QedImage.Open(storage).ToDisk(backing)));
        CrashEverywhere(random, start, storage.Changes, epochs, backing);
    }

    private static void CrashEverywhere(
        Random random, MemoryStorage start, List<StorageEvent> changes, List<Epoch> epochs, IDisk? backing)
    {
        MemoryStorage durable = Copy(start);
        bool leaksBefore = TestImage.Check(start).Status != QedCheckStatus.Clean;
        int flushed = 0;
        for (int count = 0; count <= changes.Count; count++)
        {
            if (count > 0 && changes[count - 1].Kind == StorageCall.Flush)
            {
                foreach (StorageEvent change in changes.Take(count).Skip(flushed))
                {
                    Apply(durable, change);
                }

                flushed = count;
            }

            Epoch epoch = epochs.Last(e => e.Start <= count);
            StorageEvent[] unflushed = [.. changes.Take(count).Skip(flushed)];
            for (int sample = 0; sample <= (unflushed.Length == 0 ? 0 : SamplesPerPoint); sample++)
            {
                MemoryStorage crashed = Copy(durable);
                MemoryStorage complete = Copy(durable);
                List<string> reached = [];
                foreach (StorageEvent change in unflushed)
                {
                    Apply(complete, change);
                    StorageEvent? part = sample == 0 ? change : PartOf(change, random);
                    if (part is not null)
                    {
                        Apply(crashed, WithWholeSectors(part, complete));
                        reached.Add(part.ToString());
                    }
                }

                string? fault = FaultOf(crashed, epoch, count, backing, leaksBefore);
                Assert.True(
                    fault is null,
                    $"After {count} changes ({string.Join(", ", changes.Take(count).TakeLast(12))}), "
                    + $"of which reached the disk since the last flush: {string.Join(", ", reached)}: {fault}");
            }
        }
    }

    // The whole change, none of it, or some of its sectors.
    private static StorageEvent? PartOf(StorageEvent change, Random random)
    {
        int chance = random.Next(3);
        if (chance == 0 || (chance == 1 && change.Kind != StorageCall.Write))
        {
            return null;
        }

        if (chance == 2 || change.Length <= SectorSize)
        {
            return change;
        }

        // In both cases the cut is at a sector boundary: a sector is written completely or not at all.
        long firstEnd = (change.Offset / SectorSize * SectorSize) + SectorSize;
        int whole = (int)(firstEnd - change.Offset + (random.NextInt64((change.End - firstEnd) / SectorSize) * SectorSize));
        return random.Next(2) == 0
            ? new StorageEvent(change.Kind, change.Offset, whole, change.Data[..whole])
            : new StorageEvent(change.Kind, change.Offset + whole, change.Length - whole, change.Data[whole..]);
    }

    // A disk writes a sector as it is in the cache, including everything written to it before.
    private static StorageEvent WithWholeSectors(StorageEvent change, MemoryStorage complete)
    {
        if (change.Kind != StorageCall.Write)
        {
            return change;
        }

        long start = change.Offset / SectorSize * SectorSize;
        byte[] sectors = new byte[((change.End + SectorSize - 1) / SectorSize * SectorSize) - start];
        int count = complete.Read(start, sectors);
        return new StorageEvent(change.Kind, start, count, sectors[..count]);
    }

    private static string? FaultOf(MemoryStorage crashed, Epoch epoch, int count, IDisk? backing, bool leaksBefore)
    {
        QedImage image = QedImage.Open(new ReadOnlyStorage(crashed));
        QedCheckResult check = TestImage.Check(crashed);
        if (check.Corruptions.FirstOrDefault(c => !Reliability.Images.IsLeftByPowerCut(c)) is { } worse)
        {
            return $"the check finds {worse}.";
        }

        if (!image.Header.NeedsCheck && check.Status != QedCheckStatus.Clean && !leaksBefore)
        {
            return $"the header says clean, but the check says {check.Status} ({check.LeakedClusters} leaked clusters).";
        }

        IDisk disk = image.ToDisk(backing);
        if (!epoch.AllowsLength(disk.Length, count))
        {
            return $"the size is {disk.Length}.";
        }

        return epoch.FaultOf(disk, backing, count);
    }

    private static void Apply(MemoryStorage storage, StorageEvent change)
    {
        if (change.Kind == StorageCall.Write)
        {
            storage.Write(change.Offset, change.Data);
        }
        else if (change.Kind == StorageCall.SetLength)
        {
            storage.SetLength(change.Offset);
        }
    }

    private static MemoryStorage Copy(MemoryStorage storage)
    {
        MemoryStorage copy = new(storage.Path);
        byte[] bytes = new byte[storage.Length];
        storage.Read(0, bytes);
        copy.SetLength(bytes.Length);
        copy.Write(0, bytes);
        return copy;
    }

    private static byte[] ContentOf(IDisk disk)
    {
        byte[] content = new byte[disk.Length];
        disk.Read(0, content);
        return content;
    }

    /// <summary>The time from one flush to the next: the safe contents, and the unflushed changes to them.</summary>
    private sealed class Epoch
    {
        private readonly byte[] _safe;
        private readonly List<(int From, long Offset, byte[] Data)> _changes = [];
        private readonly List<(int From, long Size)> _sizes = [];

        public Epoch(int start, byte[] safe)
        {
            Start = start;
            _safe = safe;
            Newest = safe;
        }

        /// <summary>The number of changes to the file before it.</summary>
        public int Start { get; }

        /// <summary>The disk's contents with all changes.</summary>
        public byte[] Newest { get; private set; }

        public void Change(int from, DiskStep step, long length)
        {
            byte[] data = step.Kind == StepKind.Zero ? new byte[length] : step.Data(length);
            _changes.Add((from, step.Offset, data));
            Newest = [.. Newest];
            data.CopyTo(Newest, step.Offset);
        }

        public void Resize(int from, long size)
        {
            _sizes.Add((from, size));
            byte[] resized = new byte[size];
            Newest.AsSpan(0, (int)Math.Min(size, Newest.Length)).CopyTo(resized);
            Newest = resized;
        }

        public bool AllowsLength(long length, int count) =>
            length == _safe.Length || _sizes.Exists(size => size.From <= count && size.Size == length);

        public string? FaultOf(IDisk disk, IDisk? backing, int count)
        {
            (int From, long Offset, byte[] Data)[] begun = [.. _changes.Where(change => change.From <= count)];

            // Data that a resize cuts off may be lost whether or not the new size has reached the disk.
            long kept = _sizes.Where(size => size.From <= count).Select(size => size.Size).Append(disk.Length).Min();
            byte[] sector = new byte[SectorSize];
            for (long at = 0; at + SectorSize <= kept; at += SectorSize)
            {
                ReadOnlySpan<byte> old = at < _safe.Length ? _safe.AsSpan((int)at, SectorSize) : new byte[SectorSize];
                try
                {
                    disk.Read(at, sector);
                }
                catch (QedCorruptException)
                {
                    // An entry that points past the end of the file; a repair removes it.
                    ReadBelow(backing, at, sector);
                }

                if (!old.SequenceEqual(sector) && !IsOneOf(begun, at, old, sector))
                {
                    return $"the sector at {at} is neither old nor new.";
                }
            }

            return null;
        }

        private static void ReadBelow(IDisk? backing, long at, Span<byte> sector)
        {
            int count = (int)Math.Clamp((backing?.Length ?? 0) - at, 0, sector.Length);
            backing?.Read(at, sector[..count]);
            sector[count..].Clear();
        }

        private static bool IsOneOf(IEnumerable<(int From, long Offset, byte[] Data)> changes, long at, ReadOnlySpan<byte> old, byte[] sector)
        {
            byte[] value = old.ToArray();
            foreach ((_, long offset, byte[] data) in changes)
            {
                long from = Math.Max(at, offset);
                long to = Math.Min(at + SectorSize, offset + data.Length);
                if (from < to)
                {
                    data.AsSpan((int)(from - offset), (int)(to - from)).CopyTo(value.AsSpan((int)(from - at)));
                    if (value.AsSpan().SequenceEqual(sector))
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
