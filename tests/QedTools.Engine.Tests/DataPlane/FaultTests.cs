using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>The disk is full or fails at each single call in turn.</summary>
public sealed class FaultTests
{
    private const long Size = 3 << 18;

    public static TheoryData<StorageCall, bool> Faults { get; } = new()
    {
        { StorageCall.Write, true },
        { StorageCall.Write, false },
        { StorageCall.SetLength, true },
        { StorageCall.Flush, false },
        { StorageCall.Read, false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_call_that_fails_once_and_is_retried_loses_nothing(StorageCall kind, bool isFull) =>
        ForEachCall(kind, isFull, (fault, steps) => Retry(fault, steps, ByteArray()));

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_call_that_fails_once_in_an_overlay_and_is_retried_loses_nothing(StorageCall kind, bool isFull) =>
        ForEachCall(kind, isFull, (fault, steps) => Retry(fault, steps, ByteArray(0x77)), ByteArray(0x77));

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_disk_that_keeps_failing_keeps_what_was_flushed_and_can_be_read(StorageCall kind, bool isFull) =>
        ForEachCall(kind, isFull, (fault, steps) => Break(fault, steps, ByteArray(0x77)), ByteArray(0x77));

    [Fact]
    public void A_write_retried_when_there_is_space_again_ends_clean()
    {
        MemoryStorage file = NewImage(hasBacking: false);
        FaultyStorage storage = new(file) { Kind = StorageCall.Write, Number = 2, IsFull = true, StaysBroken = true };
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing: null);
        byte[] data = [.. Enumerable.Repeat((byte)0x31, 20_000)];
        Assert.Throws<QedDiskFullException>(() => disk.Write(5_000, data));
        Assert.Throws<QedDiskFullException>(() => disk.Write(5_000, data));
        storage.StaysBroken = false;
        disk.Write(5_000, data);
        TestImage.Close(image);
        TestImage.AssertClean(file);
        byte[] expected = new byte[Size];
        data.CopyTo(expected, 5_000);
        Assert.Equal(expected, ContentOf(file, backing: null));
    }

    [Fact]
    public void Data_written_after_a_failed_and_retried_flush_is_there_if_closing_gives_no_error()
    {
        MemoryStorage file = NewImage(hasBacking: false);
        FaultyStorage storage = new(file);
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(backing: null);
        disk.Write(0, [1]);
        storage.Kind = StorageCall.Flush;
        storage.Number = storage.CallsOf(StorageCall.Flush) + 1;
        Assert.Throws<QedStorageException>(disk.Flush);
        disk.Flush();
        disk.Write(100_000, [2]);
        if (Record.Exception(() => TestImage.Close(image)) is null)
        {
            Assert.Equal(2, ContentOf(file, backing: null)[100_000]);
        }
    }

    [Fact]
    public void An_error_in_the_backing_file_names_that_file_and_the_offset()
    {
        MemoryStorage raw = new("base.raw");
        raw.Write(0, ByteArray(0x77));
        MemoryStorage file = NewImage(hasBacking: true);
        QedImage image = TestImage.OpenForWriting(file);
        IDisk disk = image.ToDisk(new RawDisk(new FaultyStorage(raw) { Kind = StorageCall.Read, Number = 1 }));
        QedStorageException error = Assert.Throws<QedStorageException>(() => disk.Write(8192, new byte[100]));
        Assert.Equal("base.raw", error.Path);
        Assert.Equal(8292, error.Offset);
        Assert.Equal(ByteArray(0x77), ContentOf(disk));
        disk.Write(8192, new byte[100]);
        TestImage.Close(image);
        TestImage.AssertClean(file);
    }

    // Makes each of the script's calls of the kind fail in turn.
    private static void ForEachCall(
        StorageCall kind, bool isFull, Action<FaultyStorage, List<DiskStep>> test, byte[]? below = null)
    {
        List<DiskStep> steps = Script();
        FaultyStorage counting = new(NewImage(below is not null));
        Retry(counting, steps, below ?? ByteArray());
        int calls = counting.CallsOf(kind);
        Assert.True(calls > 0, "The script makes no such call.");
        for (int number = 1; number <= calls; number++)
        {
            FaultyStorage fault = new(NewImage(below is not null)) { Kind = kind, Number = number, IsFull = isFull };
            Exception? failure = Record.Exception(() => test(fault, steps));
            Assert.True(failure is null, $"{kind} number {number} fails: {failure}");
        }
    }

    private static List<DiskStep> Script() =>
    [
        new(StepKind.Write, 5_000, 20_000, 3),
        new(StepKind.Write, 6_000, 512, 4),
        new(StepKind.Zero, 100_000, 50_000, 0),
        new(StepKind.Flush, 0, 0, 0),
        new(StepKind.Zero, 8_192, 8_192, 0),
        new(StepKind.Write, 10_000, 700, 5),
        new(StepKind.Write, 400_000, 100, 6),
        new(StepKind.Flush, 0, 0, 0),
        new(StepKind.Resize, Size - 10_240, 0, 0),
        new(StepKind.Write, Size - 20_000, 5_000, 7),
        new(StepKind.Resize, Size, 0, 0),
        new(StepKind.Write, 300_000, 9_000, 11),
        new(StepKind.Zero, 0, 6_000, 0),
    ];

    private static void Retry(FaultyStorage storage, List<DiskStep> steps, byte[] start)
    {
        IDisk? backing = BackingOf(start);
        QedImage? opened = null;
        Attempt(() => opened = QedImage.Open(storage), storage);
        QedImage image = opened!;
        Attempt(() => image.BeginWriting(progress: null, default), storage);
        IDisk disk = image.ToDisk(backing);
        byte[] expected = start;
        byte[] flushed = start;
        foreach (DiskStep step in steps)
        {
            byte[] next = After(expected, step);
            Attempt(() => Do(disk, step), storage, () => AssertOldOrNew(expected, next, ContentOf(disk)));
            expected = next;
            byte[] content = [];
            Attempt(() => content = ContentOf(disk), storage);
            Assert.Equal(expected, content);
            flushed = step.Kind is StepKind.Flush or StepKind.Resize ? expected : flushed;
        }

        bool failedBefore = storage.HasFailed;
        Exception? closing = Record.Exception(() => TestImage.Close(image));
        storage.Number = 0;
        Assert.True(closing is null || (closing is QedException && !failedBefore), $"Closing: {closing}");
        if (closing is null)
        {
            Assert.Equal(expected, ContentOf(storage, backing));
        }
        else
        {
            AssertOldOrNew(flushed, expected, ContentOf(storage, backing));
        }

        AssertWhole(storage);
    }

    private static void Break(FaultyStorage storage, List<DiskStep> steps, byte[] start)
    {
        storage.StaysBroken = true;
        IDisk? backing = BackingOf(start);
        QedImage? opened = null;
        Attempt(() => opened = QedImage.Open(storage), storage);
        QedImage image = opened!;
        byte[] expected = start;
        byte[] flushed = start;
        try
        {
            image.BeginWriting(progress: null, default);
            IDisk disk = image.ToDisk(backing);
            foreach (DiskStep step in steps)
            {
                byte[] next = After(expected, step);
                try
                {
                    Do(disk, step);
                }
                catch (QedException)
                {
                    AssertOldOrNew(expected, next, ContentOf(disk));
                    AssertOldOrNew(flushed, next, ContentOf(storage, backing), [expected]);
                    throw;
                }

                expected = next;
                flushed = step.Kind is StepKind.Flush or StepKind.Resize ? expected : flushed;
            }

            TestImage.Close(image);
        }
        catch (QedException first)
        {
            // Closing may report the same error again, but no other.
            Exception? second = Record.Exception(() => TestImage.Close(image));
            Assert.True(second is null || second.GetType() == first.GetType(), $"First {first}, then {second}");
        }

        AssertWhole(storage);
    }

    private static void Attempt(Action action, FaultyStorage storage, Action? examine = null)
    {
        bool before = storage.HasFailed;
        try
        {
            action();
        }
        catch (QedException e)
        {
            Assert.True(storage.HasFailed && !before, $"A failure that the storage did not cause: {e}");
            Assert.Equal(storage.Path, e.Path);
            examine?.Invoke();
            action();
        }
    }

    private static void Do(IDisk disk, DiskStep step)
    {
        switch (step.Kind)
        {
            case StepKind.Write:
                disk.Write(step.Offset, step.Data(step.Length));
                break;
            case StepKind.Zero:
                disk.Zero(step.Offset, step.Length);
                break;
            case StepKind.Resize:
                disk.SetLength(step.Offset);
                break;
            default:
                disk.Flush();
                break;
        }
    }

    private static byte[] After(byte[] before, DiskStep step)
    {
        byte[] after = new byte[step.Kind == StepKind.Resize ? step.Offset : before.Length];
        before.AsSpan(0, Math.Min(before.Length, after.Length)).CopyTo(after);
        if (step.Kind == StepKind.Write)
        {
            step.Data(step.Length).CopyTo(after, step.Offset);
        }
        else if (step.Kind == StepKind.Zero)
        {
            after.AsSpan((int)step.Offset, (int)step.Length).Clear();
        }

        return after;
    }

    // No fault may leave a damaged image; at worst it is dirty.
    private static void AssertWhole(FaultyStorage storage)
    {
        storage.Number = 0;
        storage.StaysBroken = false;
        QedCheckResult check = TestImage.Check(storage);
        Assert.True(check.Status != QedCheckStatus.Corrupt, $"The check finds {string.Join("; ", check.Corruptions)}.");

        // If packing finds the disk full, it leaves leaks, which are not damage.
        Assert.True(check.NeedsCheck || check.Status == QedCheckStatus.Clean || storage.IsFull, $"The header says clean, but the check finds {check.LeakedClusters} leaked clusters.");

        // The image can still be opened for writing.
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(image.Backing is null ? null : BackingOf(ByteArray(0x77)));
        disk.Write(200_000, [0x55]);
        disk.Zero(200_000, 1);
        TestImage.Close(image);
        Assert.False(TestImage.Check(storage).NeedsCheck);
    }

    private static void AssertOldOrNew(byte[] old, byte[] next, byte[] actual, params byte[][] between)
    {
        Assert.True(actual.Length == old.Length || actual.Length == next.Length || between.Any(b => b.Length == actual.Length));
        for (int at = 0; at < actual.Length && at < Math.Min(old.Length, next.Length); at++)
        {
            if (actual[at] != old[at] && actual[at] != next[at] && !between.Any(b => at < b.Length && actual[at] == b[at]))
            {
                Assert.Fail($"The byte at {at} is {actual[at]:x2}, neither {old[at]:x2} nor {next[at]:x2}.");
            }
        }
    }

    private static byte[] ByteArray(byte value = 0)
    {
        byte[] bytes = new byte[Size];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static RawDisk? BackingOf(byte[] start)
    {
        if (start[0] == 0)
        {
            return null;
        }

        MemoryStorage raw = new("base.raw");
        raw.Write(0, start);
        return new RawDisk(new ReadOnlyStorage(raw));
    }

    private static MemoryStorage NewImage(bool hasBacking)
    {
        MemoryStorage storage = new("top.qed");
        TestImage.Create(storage, new QedGeometry(4096, 2), Size, headerSize: 1, hasBacking ? new BackingReference("base.raw", IsRaw: true) : null);
        return storage;
    }

    private static byte[] ContentOf(IStorage storage, IDisk? backing) =>
        ContentOf(QedImage.Open(new ReadOnlyStorage(storage)).ToDisk(backing));

    private static byte[] ContentOf(IDisk disk)
    {
        byte[] content = new byte[disk.Length];
        disk.Read(0, content);
        return content;
    }
}
