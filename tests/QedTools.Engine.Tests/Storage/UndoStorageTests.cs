using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>A file whose changes can be undone. Its use in a repair is tested with Repair-QedImage and in the crash simulator.</summary>
public sealed class UndoStorageTests
{
    private const int PageSize = 4096;

    public static TheoryData<int> Some => Seeds.Take(20);

    [Theory]
    [MemberData(nameof(Some))]
    public void Changes_show_at_once_and_can_be_undone(int seed)
    {
        Random random = new(seed);
        (MemoryStorage file, byte[] original) = NewFile(random, pages: 60);
        MemoryStorage journalFile = new("journal.qedundo");
        using UndoJournal journal = UndoJournal.Begin(journalFile, file);
        UndoStorage storage = new(file, journal);
        byte[] expected = [.. original];
        for (int step = 0; step < 80; step++)
        {
            int offset = random.Next(expected.Length + (2 * PageSize));
            byte[] data = new byte[random.Next(1, 3 * PageSize)];
            switch (random.Next(10))
            {
                case < 5:
                    random.NextBytes(data);
                    storage.Write(offset, data);
                    Array.Resize(ref expected, Math.Max(expected.Length, offset + data.Length));
                    data.CopyTo(expected, offset);
                    break;
                case 5:
                    Array.Resize(ref expected, offset);
                    storage.SetLength(offset);
                    break;
                case 6:
                    storage.Flush();
                    break;
                case 7:
                    int at = Math.Min(offset, expected.Length - 1);
                    StorageRange range = storage.RangeAt(at, expected.Length - at);
                    Assert.True(!range.IsHole || !expected.AsSpan(at, (int)range.Length).ContainsAnyExcept((byte)0), $"Step {step}: no hole.");
                    break;
                default:
                    int count = storage.Read(offset, data);
                    Assert.Equal(Math.Clamp(expected.Length - offset, 0, data.Length), count);
                    Assert.True(data.AsSpan(0, count).SequenceEqual(expected.AsSpan(Math.Min(offset, expected.Length), count)), $"Step {step} reads different data.");
                    break;
            }

            Assert.Equal(expected.Length, storage.Length);
        }

        storage.Flush();
        Assert.Equal(expected, ContentsOf(file));
        UndoBackup.Read(journalFile).Restore(file);
        Assert.Equal(original, ContentsOf(file));
    }

    [Fact]
    public void A_hole_that_was_written_to_is_no_longer_a_hole()
    {
        MemoryStorage file = new();
        file.SetLength(10 * PageSize);
        using UndoJournal journal = UndoJournal.Begin(new MemoryStorage("journal.qedundo"), file);
        UndoStorage storage = new(file, journal);
        storage.Write(5 * PageSize, [1]);

        Assert.Equal(new StorageRange(5 * PageSize, IsHole: true), storage.RangeAt(0, 10 * PageSize));
        Assert.Equal(new StorageRange(PageSize, IsHole: false), storage.RangeAt(5 * PageSize, 5 * PageSize));
    }

    [Theory]
    [MemberData(nameof(Some))]
    public async Task Many_threads_may_read_what_was_just_changed(int seed)
    {
        const int Pages = 40;
        const int Readers = 4;
        Random random = new(seed);
        (MemoryStorage file, byte[] original) = NewFile(random, Pages);
        MemoryStorage journalFile = new("journal.qedundo");
        using UndoJournal journal = UndoJournal.Begin(journalFile, file);
        UndoStorage storage = new(file, journal);
        byte[] expected = [.. original];
        for (int round = 0; round < 20; round++)
        {
            for (int change = 0; change < 30; change++)
            {
                byte[] data = new byte[random.Next(1, 2 * PageSize)];
                random.NextBytes(data);
                int offset = random.Next(expected.Length - data.Length);
                storage.Write(offset, data);
                data.CopyTo(expected, offset);
            }

            using Barrier start = new(Readers);
            await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(() =>
            {
                byte[] page = new byte[PageSize];
                start.SignalAndWait();
                for (int i = 0; i < Pages; i++)
                {
                    int at = (i + (reader * 11)) % (Pages - 1) * PageSize;
                    Assert.Equal(PageSize, storage.Read(at, page));
                    Assert.True(page.AsSpan().SequenceEqual(expected.AsSpan(at, PageSize)), $"Seed {seed}: reader {reader} sees different data at {at}.");
                }
            })));
        }

        storage.Flush();
        Assert.Equal(expected, ContentsOf(file));
        UndoBackup.Read(journalFile).Restore(file);
        Assert.Equal(original, ContentsOf(file));
    }

    // Every other page is a hole.
    private static (MemoryStorage File, byte[] Contents) NewFile(Random random, int pages)
    {
        MemoryStorage file = new();
        byte[] contents = new byte[(pages * PageSize) - 100];
        file.SetLength(contents.Length);
        for (int page = 0; page < pages; page += 2)
        {
            Span<byte> data = contents.AsSpan(page * PageSize, Math.Min(PageSize, contents.Length - (page * PageSize)));
            random.NextBytes(data);
            file.Write(page * PageSize, data);
        }

        return (file, contents);
    }

    private static byte[] ContentsOf(MemoryStorage file)
    {
        byte[] contents = new byte[file.Length];
        file.Read(0, contents);
        return contents;
    }
}
