using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>
/// Deliberately damaged images, through every operation: there are only the engine's own errors, in bounded time and memory,
/// and every image that can be opened can be repaired.
/// </summary>
/// <remarks>
/// QEDTOOLS_FUZZ_COUNT sets the number of images, and QEDTOOLS_SEED the first seed; a failure names the seed of its image.
/// </remarks>
public sealed class MutatedImageTests(ITestOutputHelper output)
{
    private const int DefaultCount = 3000;

    private const string Name = "mutated.qed";

    // At most this much of one image is copied, compared and read.
    private const long MaxBytes = 8 << 20;

    // The most memory for one image: the caches have fixed sizes, and everything else is proportional to the file's few hundred KiB.
    private const long MaxMemory = 96 << 20;

    private static readonly string[] Kinds = ["images", "damaged", "chains", "headers"];

    // To test more images than fit, start again with another seed.
    private static readonly TimeSpan MaxTotalTime = TimeSpan.FromMinutes(10);

    // Offset and size of each number in the header.
    private static readonly (int Offset, int Size)[] Fields =
        [(0, 4), (4, 4), (8, 4), (12, 4), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8), (56, 4), (60, 4)];

    [Fact]
    public void Any_operation_on_a_mutated_image_succeeds_or_fails_with_an_engine_error()
    {
        int count = int.TryParse(
            Environment.GetEnvironmentVariable("QEDTOOLS_FUZZ_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
            ? wanted
            : DefaultCount;
        byte[][] images = LoadImages();
        Figures figures = new();
        long first = (long)Seeds.One << 24;
        Stopwatch time = Stopwatch.StartNew();
        int done = 0;
        for (; done < count && time.Elapsed < MaxTotalTime; done++)
        {
            long seed = first + done;
            Random random = new(unchecked((int)(seed * 0x9E3779B1)));
            byte[] image = [.. images[random.Next(images.Length)]];
            for (int mutations = random.Next(1, 5); mutations > 0; mutations--)
            {
                image = Mutate(random, image);
            }

            long memory = GC.GetAllocatedBytesForCurrentThread();
            long begun = Stopwatch.GetTimestamp();
            try
            {
                Use(random, image, figures);
            }
            catch (Exception e)
            {
                Assert.Fail($"image {seed}: {e}");
            }

            memory = GC.GetAllocatedBytesForCurrentThread() - memory;
            TimeSpan taken = Stopwatch.GetElapsedTime(begun);
            figures.Memory = Math.Max(figures.Memory, memory);
            figures.Time = taken > figures.Time ? taken : figures.Time;
            Assert.True(memory < MaxMemory, $"image {seed} took {memory} bytes of memory.");
            Assert.True(taken < Patience.Limit, $"image {seed} took {taken}.");
        }

        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "seeds from {0}: {1} images, {2} opened, {3} of them damaged, {4} leaking, {5} repaired; at most {6} bytes allocated and {7:0} ms for one; {8:0.0} s in all",
            first,
            done,
            figures.Opened,
            figures.Corrupt,
            figures.Leaking,
            figures.Repaired,
            figures.Memory,
            figures.Time.TotalMilliseconds,
            time.Elapsed.TotalSeconds));
    }

    private static void Use(Random random, byte[] bytes, Figures figures)
    {
        QedImage image;
        try
        {
            image = QedImage.Open(new ReadOnlyStorage(MemoryStorage.Of(Name, bytes)));
        }
        catch (QedException)
        {
            return;
        }

        figures.Opened++;
        QedImageInfo info = ImageInspection.Describe(image, depth: 0);
        Assert.Equal(image.VirtualSize, info.VirtualSize);
        QedCheckResult check = ImageChecker.Check(image.File, progress: null, CancellationToken.None);
        figures.Corrupt += check.Status == QedCheckStatus.Corrupt ? 1 : 0;
        figures.Leaking += check.Status == QedCheckStatus.Leaks ? 1 : 0;
        ImageRepairer.RepairTables(image.File, writer: null, new RepairLog(), progress: null, CancellationToken.None);
        bool isWhole = Walk(image);
        Assert.True(isWhole || check.Status == QedCheckStatus.Corrupt, "The check does not find the damage that stops the walk.");
        IDisk disk = image.ToDisk(backing: null);
        if (disk.Length <= MaxBytes)
        {
            Ignore(() => DiskComparison.Compare(disk, new RawDisk(new ReadOnlyStorage(MemoryStorage.Of(Name, bytes))), null, CancellationToken.None));
            MemoryStorage raw = new(Name);
            raw.SetLength(disk.Length);
            bool isCopied = Ignore(() => DiskCopy.Run(disk, new CopyTarget(new RawDisk(raw), 4096, ShownBefore: null, FlushedLater: null), null, CancellationToken.None));
            Assert.Equal(isWhole, isCopied);
            if (isCopied)
            {
                Assert.Null(DiskComparison.Compare(disk, new RawDisk(raw), null, CancellationToken.None).First);
            }
        }

        if (check.Status != QedCheckStatus.Clean || random.Next(8) == 0)
        {
            Repair(bytes, disk, isWhole);
            figures.Repaired++;
        }

        if (check.Status != QedCheckStatus.Corrupt)
        {
            Ignore(() => Write(random, MemoryStorage.Of(Name, bytes), check));
        }
    }

    // Does the same as Repair-QedImage, in memory.
    private static void Repair(byte[] bytes, IDisk before, bool isWhole)
    {
        MemoryStorage file = MemoryStorage.Of(Name, bytes);
        QedImage image = QedImage.Open(file);
        QedCheckStatus status = ImageChecker.Check(image.File, progress: null, CancellationToken.None).Status;
        var writer = image.BeginRepair();
        if (status == QedCheckStatus.Corrupt)
        {
            ImageRepairer.RepairTables(image.File, writer, new RepairLog(), progress: null, CancellationToken.None);
        }

        image.Pack();
        image.CompleteRepair();
        image.EndWriting();
        Assert.InRange(file.Length, 1, 4 * MaxBytes);
        QedImage repaired = QedImage.Open(new ReadOnlyStorage(file));
        QedCheckResult after = ImageChecker.Check(repaired.File, progress: null, CancellationToken.None);
        Assert.True(after is { Status: QedCheckStatus.Clean, NeedsCheck: false }, $"The repair left {after.Status}, need-check {after.NeedsCheck}.");

        // If data and tables share clusters, that data changes with the tables.
        if (isWhole && status == QedCheckStatus.Leaks && before.Length <= MaxBytes)
        {
            Assert.Null(DiskComparison.Compare(before, repaired.ToDisk(backing: null), null, CancellationToken.None).First);
        }
    }

    private static void Write(Random random, MemoryStorage file, QedCheckResult check)
    {
        QedImage image = QedImage.Open(file);
        if (image.Backing is not null || image.VirtualSize < 512)
        {
            return;
        }

        image.BeginWriting(progress: null, CancellationToken.None);
        IDisk disk = image.ToDisk(backing: null);
        long most = Math.Min(disk.Length, 1 << 20);
        byte[] data = new byte[random.NextInt64(1, Math.Min(most, 20_000))];
        random.NextBytes(data);
        long offset = random.NextInt64(disk.Length - data.Length + 1);
        disk.Write(offset, data);
        disk.Zero(random.NextInt64(disk.Length), 1);
        disk.Write(offset, data);
        disk.Flush();
        image.EndWriting();
        byte[] read = new byte[data.Length];
        QedImage again = QedImage.Open(new ReadOnlyStorage(file));
        again.ToDisk(backing: null).Read(offset, read);
        Assert.Equal(data, read);
        QedCheckStatus status = ImageChecker.Check(again.File, progress: null, CancellationToken.None).Status;
        Assert.True(status == QedCheckStatus.Clean || status == check.Status, $"Writing left {status}.");
    }

    // Walks over both ends of a disk. Returns whether they can be walked completely.
    private static bool Walk(QedImage image)
    {
        IDisk disk = image.ToDisk(backing: null);
        long part = Math.Min(disk.Length, Math.Max(MaxBytes, image.Header.Geometry.ClusterSize * 1000L));
        return Ignore(() => HostileFile.Walk(disk, 0, part, _ => { })) & Ignore(() => HostileFile.Walk(disk, disk.Length - part, part, _ => { }));
    }

    private static bool Ignore(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (QedException)
        {
            return false;
        }
    }

    private static byte[][] LoadImages()
    {
        string folder = Path.GetDirectoryName(Path.GetDirectoryName(Fixture.PathOf("images/table-1.qed")))!;
        return [.. Kinds
            .SelectMany(kind => Directory.GetFiles(Path.Combine(folder, kind), "*.qed"))
            .Where(path => new FileInfo(path).Length is > 0 and < 400_000)
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes)];
    }

    private static byte[] Mutate(Random random, byte[] image)
    {
        if (image.Length < QedHeader.Size)
        {
            return [.. image, .. new byte[QedHeader.Size]];
        }

        long l1 = BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(40));
        int at;
        switch (random.Next(12))
        {
            case 0 or 1:
                (int offset, int size) = Fields[random.Next(Fields.Length)];
                Span<byte> value = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(value, Interesting(random, image));
                value[..size].CopyTo(image.AsSpan(offset));
                return image;
            case 2 or 3 or 4:
                return SetEntry(random, image, l1);
            case 5 or 6 or 7:
                at = (int)Math.Clamp(l1 + (random.Next(4) * 8L), 0, image.Length - 8);
                return SetEntry(random, image, BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(at)));
            case 8:
                image[random.Next(random.Next(2) == 0 ? QedHeader.Size : image.Length)] ^= (byte)(1 << random.Next(8));
                return image;
            case 9:
                return image[..random.Next(1, image.Length + 1)];
            case 10:
                return [.. image, .. new byte[random.Next(1, 20) * (random.Next(2) == 0 ? 4096 : 1)]];
            default:
                // Copies one cluster over another.
                int clusters = image.Length / 4096;
                if (clusters > 2)
                {
                    int from = random.Next(1, clusters) * 4096;
                    image.AsSpan(from, 4096).CopyTo(image.AsSpan(random.Next(1, clusters) * 4096));
                }

                return image;
        }
    }

    private static byte[] SetEntry(Random random, byte[] image, long table)
    {
        int index = random.Next(3) == 0 ? random.Next(1024) : random.Next(16);
        if (table >= 0 && table <= image.Length - 8 - (index * 8))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan((int)table + (index * 8)), Interesting(random, image));
        }

        return image;
    }

    private static ulong Interesting(Random random, byte[] image)
    {
        ulong value = random.Next(8) switch
        {
            0 => (ulong)random.Next(5),
            1 => 1UL << random.Next(64),
            2 => ulong.MaxValue,
            3 => (ulong)image.Length,
            4 => (ulong)random.NextInt64(),
            _ => (ulong)(random.Next((image.Length / 4096) + 2) * 4096L),
        };
        return unchecked(value + (ulong)(random.Next(6) == 0 ? random.Next(-1, 2) * 512L : 0));
    }

    private sealed class Figures
    {
        public int Opened { get; set; }

        public int Corrupt { get; set; }

        public int Leaking { get; set; }

        public int Repaired { get; set; }

        public long Memory { get; set; }

        public TimeSpan Time { get; set; }
    }
}
