using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck.Xunit;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Changing the backing file, step by step: what a crash between two steps, or during one, would leave behind.</summary>
public sealed class BackingFileAtomicityTests
{
    private const int SectorSize = 512;

    /// <summary>Lengths of the names that a series of changes stores, in order; 0 means no backing file.</summary>
    public static TheoryData<int[]> NameLengths { get; } =
    [
        new[] { 8 },
        new[] { 1023 },
        new[] { 8, 8 },
        new[] { 1023, 1023, 1023, 1023, 1023, 1023 },
        new[] { 1, 1023, 1, 1023, 500, 20 },
        new[] { 8, 0, 8 },
        new[] { 1023, 0, 1023, 0 },
        new[] { 100, 101, 100, 99, 101, 100 },
        new[] { 449, 1, 600 },
    ];

    [Theory]
    [MemberData(nameof(NameLengths))]
    public void The_steps_are_name_flush_header_flush_and_the_name_never_overlaps_the_old_one(int[] lengths)
    {
        using RecordingStorage storage = MakeImage();
        using QedImage image = QedImage.Open(storage);
        foreach (BackingReference? backing in References(lengths))
        {
            QedHeader old = image.Header;
            storage.Forget();

            Assert.True(image.SetBacking(backing));

            RequireSafeSteps(storage.Changes, old, backing);
        }
    }

    [Theory]
    [MemberData(nameof(NameLengths))]
    public void A_crash_after_any_step_leaves_the_old_name_or_the_new_one(int[] lengths)
    {
        using RecordingStorage storage = MakeImage();
        using QedImage image = QedImage.Open(storage);
        foreach (BackingReference? backing in References(lengths))
        {
            byte[] before = Contents(storage);
            BackingReference? old = image.Backing;
            storage.Forget();
            image.SetBacking(backing);

            RequireOldOrNew(before, storage.Changes, old, backing);
        }
    }

    [Property(MaxTest = 200)]
    public void Any_series_of_names_survives_a_crash_anywhere(ushort[] seeds)
    {
        using RecordingStorage storage = MakeImage();
        using QedImage image = QedImage.Open(storage);
        foreach (BackingReference? backing in References([.. seeds.Select(seed => seed % 1024)]))
        {
            byte[] before = Contents(storage);
            (BackingReference? old, QedHeader header) = (image.Backing, image.Header);
            storage.Forget();
            if (image.SetBacking(backing))
            {
                RequireSafeSteps(storage.Changes, header, backing);
                RequireOldOrNew(before, storage.Changes, old, backing);
            }
        }
    }

    [Theory]
    [InlineData(64, 10)]
    [InlineData(4000, 96)]
    [InlineData(4090, 20)]
    [InlineData(4200, 8)]
    [InlineData(8191, 1)]
    [InlineData(1087, 1000)]
    [InlineData(1086, 1000)]
    [InlineData(64, 4032)]
    public void A_name_that_another_program_put_anywhere_in_the_header_is_not_overwritten(int offset, int length)
    {
        using RecordingStorage storage = MakeImage(headerClusters: 2);
        QedHeader header = QedImage.Open(storage).Header with
        {
            Features = QedFeatures.BackingFile,
            BackingNameOffset = (uint)offset,
            BackingNameSize = (uint)length,
        };
        storage.Write(offset, new byte[length].Select(_ => (byte)'o').ToArray());
        WriteHeader(storage, header);
        byte[] before = Contents(storage);
        using QedImage image = QedImage.Open(storage);
        BackingReference? old = image.Backing;
        storage.Forget();
        BackingReference wanted = new(new string('n', 1023), IsRaw: true);

        Assert.True(image.SetBacking(wanted));

        RequireSafeSteps(storage.Changes, header, wanted);
        RequireOldOrNew(before, storage.Changes, old, wanted);
    }

    [Fact]
    public void Changing_only_the_format_is_as_safe_as_changing_the_name()
    {
        using RecordingStorage storage = MakeImage();
        using QedImage image = QedImage.Open(storage);
        image.SetBacking(new BackingReference("base.raw", IsRaw: false));
        byte[] before = Contents(storage);
        BackingReference? old = image.Backing;
        storage.Forget();

        Assert.True(image.SetBacking(new BackingReference("base.raw", IsRaw: true)));

        Assert.Equal(new BackingReference("base.raw", IsRaw: true), image.Backing);
        RequireOldOrNew(before, storage.Changes, old, image.Backing);
    }

    [Fact]
    public void Setting_what_is_already_set_does_nothing()
    {
        using RecordingStorage storage = MakeImage();
        using QedImage image = QedImage.Open(storage);
        Assert.False(image.SetBacking(null));
        BackingReference backing = new("base.raw", IsRaw: true);
        image.SetBacking(backing);
        storage.Forget();

        Assert.False(image.SetBacking(backing));

        Assert.Empty(storage.Changes);
    }

    // Any change may break what an unknown autoclear feature promises, so the bit is cleared first.
    [Fact]
    public void Autoclear_features_are_cleared_before_anything_else_changes()
    {
        using RecordingStorage storage = MakeImage();
        WriteHeader(storage, QedImage.Open(storage).Header with { AutoclearFeatures = 1 });
        using QedImage image = QedImage.Open(storage);
        storage.Forget();

        image.SetBacking(new BackingReference("base.raw", IsRaw: true));

        StorageEvent first = storage.Changes[0];
        Assert.Equal((0, QedHeader.Size), (first.Offset, first.Data.Length));
        Assert.Equal(0UL, QedHeader.Parse(first.Data, "memory.qed", first.End).AutoclearFeatures);
    }

    // Header writes before the last one, such as clearing a bit, leave the backing file as it was.
    private static void RequireSafeSteps(List<StorageEvent> steps, QedHeader old, BackingReference? backing)
    {
        Assert.True(steps[^1].IsFlush, "the last step is a flush");
        StorageEvent switching = steps[^2];
        Assert.True(switching.IsWrite);
        Assert.Equal(0, switching.Offset);
        Assert.Equal(QedHeader.Size, switching.Data.Length);
        Assert.All(steps, step => Assert.True(step.IsFlush || step.IsWrite, "the file keeps its length"));
        if (backing is null)
        {
            return;
        }

        StorageEvent name = Assert.Single(steps, step => step.IsWrite && step.Offset != 0);
        Assert.True(steps.IndexOf(name) + 1 < steps.Count && steps[steps.IndexOf(name) + 1].IsFlush, "the name is flushed");
        Assert.InRange(name.Offset, QedHeader.Size, old.HeaderBytes);
        Assert.InRange(name.End, QedHeader.Size, old.HeaderBytes);
        if (old.HasBackingFile)
        {
            long oldEnd = old.BackingNameOffset + (long)old.BackingNameSize;
            Assert.True(
                name.End <= old.BackingNameOffset || name.Offset >= oldEnd,
                $"the new name at {name.Offset}..{name.End} overlaps the old one at {old.BackingNameOffset}..{oldEnd}");
        }

        QedHeader header = QedHeader.Parse(switching.Data, "memory.qed", old.HeaderBytes);
        Assert.Equal((name.Offset, (long)name.Data.Length), (header.BackingNameOffset, header.BackingNameSize));
    }

    // A write without a flush after it may or may not be on the disk, sector by sector: try every prefix of the writes and of a write's
    // sectors.
    private static void RequireOldOrNew(byte[] before, List<StorageEvent> steps, BackingReference? old, BackingReference? wanted)
    {
        byte[] disk = [.. before];
        Assert.Equal(old, BackingIn(disk));
        foreach (StorageEvent step in steps.Where(step => step.IsWrite))
        {
            Assert.True(step.Offset != 0 || step.Data.Length <= SectorSize, "a header write stays within one sector");
            for (long at = step.Offset; at < step.End;)
            {
                long next = Math.Min(step.End, (at / SectorSize * SectorSize) + SectorSize);
                step.Data.AsSpan((int)(at - step.Offset), (int)(next - at)).CopyTo(disk.AsSpan((int)at));
                at = next;
                BackingReference? found = BackingIn(disk);
                Assert.True(found == old || found == wanted, $"after a crash the image names {found}");
            }
        }

        Assert.Equal(wanted, BackingIn(disk));
    }

    private static BackingReference? BackingIn(byte[] contents)
    {
        MemoryStorage storage = new();
        storage.Write(0, contents);
        using QedImage image = QedImage.Open(storage);
        return image.Backing;
    }

    private static RecordingStorage MakeImage(uint headerClusters = 1)
    {
        RecordingStorage storage = new(new MemoryStorage());
        QedGeometry geometry = new(4096, 2);
        QedImage.Create(storage, geometry, 1 << 20, backing: null);
        storage.SetLength((headerClusters * 4096) + geometry.TableBytes);
        WriteHeader(storage, QedImage.Open(storage).Header with { HeaderSize = headerClusters, L1TableOffset = headerClusters * 4096 });
        return storage;
    }

    private static void WriteHeader(RecordingStorage storage, QedHeader header)
    {
        byte[] bytes = new byte[QedHeader.Size];
        header.WriteTo(bytes);
        storage.Write(0, bytes);
    }

    private static byte[] Contents(RecordingStorage storage)
    {
        byte[] contents = new byte[storage.Length];
        storage.Read(0, contents);
        return contents;
    }

    // Names of these lengths, each made of a different letter.
    private static IEnumerable<BackingReference?> References(int[] lengths) => lengths.Select((length, i) =>
        length == 0 ? null : (BackingReference?)new BackingReference(new string((char)('a' + (i % 26)), length), IsRaw: i % 2 == 0));
}
