using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Many threads on one disk.</summary>
public sealed class ConcurrencyTests
{
    private const int SectorSize = 512;
    private const int Sectors = 6000;

    public static TheoryData<int> Some => Seeds.Take(4);

    [Theory]
    [MemberData(nameof(Some))]
    public async Task Readers_alongside_a_writer_see_each_sector_old_or_new(int seed)
    {
        MemoryStorage file = NewImage();
        QedImage image = TestImage.OpenForWriting(new LockedStorage(file));
        IDisk disk = image.ToDisk(Backing());
        History history = new();
        using CancellationTokenSource stop = new();
        Task[] readers = [.. Enumerable.Range(0, 4).Select(reader => Task.Run(() => ReadUntil(disk, history, new Random(seed + reader), stop.Token)))];
        try
        {
            WriteMuch(disk, history, new Random(seed));
        }
        finally
        {
            await stop.CancelAsync();
        }

        await Task.WhenAll(readers);
        ReadAll(disk, history);
        TestImage.Close(image);
        TestImage.AssertClean(file);
        ReadAll(QedImage.Open(file).ToDisk(Backing()), history);
    }

    [Theory]
    [MemberData(nameof(Some))]
    public async Task Two_writers_wait_for_each_other(int seed)
    {
        MemoryStorage file = NewImage();
        QedImage image = TestImage.OpenForWriting(new LockedStorage(file));
        IDisk disk = image.ToDisk(Backing());
        Random random = new(seed);
        for (int round = 0; round < 60; round++)
        {
            int offset = random.Next(100_000);
            int length = random.Next(1, 200_000);
            using Barrier start = new(3);
            Task[] writers = [.. new byte[] { 0x11, 0x22, 0 }.Select(value => Task.Run(() =>
            {
                byte[] data = [.. Enumerable.Repeat(value, length)];
                start.SignalAndWait();
                if (value == 0)
                {
                    disk.Zero(offset, length);
                }
                else
                {
                    disk.Write(offset, data);
                }
            }))];
            await Task.WhenAll(writers);
            byte[] result = new byte[length];
            disk.Read(offset, result);
            Assert.True(result.AsSpan().IndexOfAnyExcept(result[0]) < 0 && result[0] is 0 or 0x11 or 0x22, $"Seed {seed}, round {round}: the writes are mixed.");
        }

        TestImage.Close(image);
        TestImage.AssertClean(file);
    }

    [Fact]
    public async Task Many_readers_of_a_chain_in_files_read_the_same()
    {
        string path = Fixture.PathOf("chains/three-top.qed");
        using DiskStream first = Open(path);
        byte[] expected = new byte[first.Length];
        first.ReadExactly(expected);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using DiskStream stream = Open(path);
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            Assert.Equal(expected, content);
        })));
    }

    private static DiskStream Open(string path) =>
        DiskOpening.Run(path, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken);

    private static void WriteMuch(IDisk disk, History history, Random random)
    {
        for (int version = 1; version <= 1200; version++)
        {
            int sector = random.Next(Sectors);
            int count = Math.Min(Sectors - sector, random.Next(3) == 0 ? random.Next(1, 400) : random.Next(1, 20));
            bool isZero = random.Next(3) == 0;
            history.Begin(sector, count, version, isZero);
            if (isZero)
            {
                disk.Zero((long)sector * SectorSize, (long)count * SectorSize);
            }
            else
            {
                byte[] data = new byte[count * SectorSize];
                for (int i = 0; i < count; i++)
                {
                    MemoryMarshal.Cast<byte, long>(data.AsSpan(i * SectorSize, SectorSize)).Fill(History.Stamp(sector + i, version));
                }

                disk.Write((long)sector * SectorSize, data);
            }

            history.End(sector, count, version);
            if (version % 50 == 0)
            {
                disk.Flush();
            }
        }
    }

    private static void ReadUntil(IDisk disk, History history, Random random, CancellationToken stop)
    {
        byte[] buffer = new byte[300 * SectorSize];
        do
        {
            int sector = random.Next(Sectors);
            ReadSome(disk, history, sector, Math.Min(Sectors - sector, random.Next(1, 300)), buffer);

            // Read the tables as well.
            DiskExtent extent = disk.ExtentAt((long)sector * SectorSize, disk.Length - ((long)sector * SectorSize));
            Assert.True(extent.Length > 0);
        }
        while (!stop.IsCancellationRequested);
    }

    private static void ReadAll(IDisk disk, History history)
    {
        byte[] buffer = new byte[SectorSize * 100];
        for (int sector = 0; sector < Sectors; sector += 100)
        {
            ReadSome(disk, history, sector, 100, buffer);
        }
    }

    private static void ReadSome(IDisk disk, History history, int sector, int count, byte[] buffer)
    {
        int[] oldest = [.. Enumerable.Range(sector, count).Select(history.LastDone)];
        disk.Read((long)sector * SectorSize, buffer.AsSpan(0, count * SectorSize));
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<long> words = MemoryMarshal.Cast<byte, long>(buffer.AsSpan(i * SectorSize, SectorSize));
            Assert.True(words.IndexOfAnyExcept(words[0]) < 0, $"Sector {sector + i} is torn.");
            Assert.True(history.Allows(sector + i, words[0], oldest[i]), $"Sector {sector + i} holds {words[0]:x}, neither old nor new.");
        }
    }

    private static MemoryStorage NewImage()
    {
        MemoryStorage file = new("top.qed");
        TestImage.Create(file, new QedGeometry(4096, 1), Sectors * SectorSize, headerSize: 1, new BackingReference("base.raw", IsRaw: true));
        return file;
    }

    // Version 0 of every sector.
    private static RawDisk Backing()
    {
        byte[] content = new byte[Sectors * SectorSize];
        for (int i = 0; i < Sectors; i++)
        {
            MemoryMarshal.Cast<byte, long>(content.AsSpan(i * SectorSize, SectorSize)).Fill(History.Stamp(i, 0));
        }

        MemoryStorage raw = new("base.raw");
        raw.Write(0, content);
        return new RawDisk(new LockedStorage(new ReadOnlyStorage(raw)));
    }

    /// <summary>The versions that each sector had, and when.</summary>
    private sealed class History
    {
        private readonly Lock _gate = new();
        private readonly List<(int Version, bool IsZero)>[] _begun = [.. Enumerable.Range(0, Sectors).Select(_ => new List<(int, bool)> { (0, false) })];
        private readonly int[] _done = new int[Sectors];

        public static long Stamp(int sector, int version) => ((long)(version + 1) << 32) | (uint)(sector + 1);

        public void Begin(int sector, int count, int version, bool isZero)
        {
            lock (_gate)
            {
                for (int i = sector; i < sector + count; i++)
                {
                    _begun[i].Add((version, isZero));
                }
            }
        }

        public void End(int sector, int count, int version)
        {
            lock (_gate)
            {
                Array.Fill(_done, version, sector, count);
            }
        }

        public int LastDone(int sector)
        {
            lock (_gate)
            {
                return _done[sector];
            }
        }

        /// <summary>Whether a sector may hold a value, given the version that was there before the read began.</summary>
        public bool Allows(int sector, long value, int oldest)
        {
            lock (_gate)
            {
                return _begun[sector].Exists(v => v.Version >= oldest && (v.IsZero ? 0 : Stamp(sector, v.Version)) == value);
            }
        }
    }
}
