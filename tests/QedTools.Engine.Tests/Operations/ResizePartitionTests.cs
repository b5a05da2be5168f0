using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Partitions;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A change of a disk's size says what it means for the partitions, and does not cut one unless that is allowed.</summary>
public sealed class ResizePartitionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    // The last partition of gpt.img ends at 5 MiB, and the backup of the table takes 33 sectors.
    [Fact]
    public void Growing_names_the_room_behind_the_last_partition_and_that_the_backup_of_the_table_is_not_at_the_end()
    {
        string path = Make("gpt.img");
        ImageResizePlan plan = ImageResize.Plan(path, 20 << 20, new(), _cancellation);
        Assert.Equal(3, plan.LastPartition!.Number);
        Assert.Equal((15 << 20) - (33 * 512), plan.FreeBytes);
        Assert.True(plan.MisplacesBackupTable);
        Assert.Empty(plan.CutPartitions);

        ImageResize.Run(path, 20 << 20, new(), cancellation: _cancellation);
        Assert.Equal([1, 2, 3], DiskPartitioning.Run(path, new() { Trace = Trace }).Select(one => one.Number));
        Assert.Contains("and not in the last one of the disk, 40959.", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_MBR_has_no_backup_and_the_extended_partition_counts_as_the_last_one()
    {
        string path = Make("mbr.img");
        ImageResizePlan plan = ImageResize.Plan(path, 20 << 20, new(), _cancellation);
        Assert.Equal(3, plan.LastPartition!.Number);
        Assert.Equal(10 << 20, plan.FreeBytes);
        Assert.False(plan.MisplacesBackupTable);
    }

    [Fact]
    public void A_disk_without_partitions_has_no_room_behind_them()
    {
        string path = _folder.PathOf("empty.qed");
        ImageCreation.Run(path, new() { SizeBytes = 10 << 20 }, _cancellation);
        ImageResizePlan plan = ImageResize.Plan(path, 20 << 20, new(), _cancellation);
        Assert.Null(plan.LastPartition);
        Assert.Null(plan.FreeBytes);
        Assert.False(plan.MisplacesBackupTable);
    }

    [Theory]
    [InlineData(5 << 20, true)]
    [InlineData((5 << 20) - 512, false)]
    [InlineData(2 << 20, false)]
    public void Shrinking_below_the_end_of_a_partition_is_refused(int size, bool isPossible)
    {
        string path = Make("gpt.img");
        ImageResizeOptions options = new() { Shrink = true, Trace = Trace };
        if (isPossible)
        {
            ImageResizePlan plan = ImageResize.Plan(path, size, options, _cancellation);
            Assert.True(plan.MisplacesBackupTable);
            Assert.Equal(0, plan.FreeBytes);
            Assert.Equal(size, ImageResize.Run(path, size, options, cancellation: _cancellation).VirtualSize);
            return;
        }

        (string Contents, DateTime Changed) before = ImageFiles.Mark(path);
        QedShrinkException planned = Assert.Throws<QedShrinkException>(() => ImageResize.Plan(path, size, options, _cancellation));
        QedShrinkException error = Assert.Throws<QedShrinkException>(() => ImageResize.Run(path, size, options, cancellation: _cancellation));
        Assert.Equal(planned.Message, error.Message);
        Assert.Equal(QedRemedy.ShrinkPartitions, error.Remedy);
        Assert.Contains("The last one ends at 5 MiB (5242880 bytes).", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, ImageFiles.State(path));

        options = options with { AllowCutPartitions = true };
        Assert.Equal(size < (3 << 20) ? [2, 3] : [3], ImageResize.Plan(path, size, options, _cancellation).CutPartitions.Select(one => one.Number));
        _warnings.Clear();
        Assert.Equal(size, ImageResize.Run(path, size, options, cancellation: _cancellation).VirtualSize);
        string warning = Assert.Single(_warnings, warning => warning.Contains("what lies beyond the new end", StringComparison.Ordinal));
        Assert.Contains(size < (3 << 20) ? "partitions " : "partition ", warning, StringComparison.Ordinal);
    }

    // sgdisk reads such a disk too, and writes the first sector again.
    [Theory]
    [InlineData(512, "   3            8192           10239 ")]
    [InlineData(1024, "invalid main GPT header, but valid backup")]
    public void A_GPT_counts_even_if_the_first_sector_does_not_say_so(int zeroes, string verdict)
    {
        string raw = _folder.PathOf("disk.raw");
        byte[] bytes = PartitionFixtures.Bytes("gpt.img");
        bytes.AsSpan(0, zeroes).Clear();
        File.WriteAllBytes(raw, bytes);
        if (Qemu.IsOnPath("sgdisk"))
        {
            (_, string output, string errors) = Qemu.Run("sgdisk", "-p", raw);
            Assert.Contains(verdict, output + errors, StringComparison.Ordinal);
        }

        string path = _folder.PathOf("disk.qed");
        DiskConversion.Run(raw, path, new(), cancellation: _cancellation);
        ImageResizeOptions options = new() { Shrink = true, Trace = Trace };
        QedShrinkException error = Assert.Throws<QedShrinkException>(() => ImageResize.Run(path, (5 << 20) - 512, options, cancellation: _cancellation));
        Assert.Contains("The last one ends at 5 MiB (5242880 bytes).", error.Message, StringComparison.Ordinal);

        ImageResizePlan plan = ImageResize.Plan(path, 5 << 20, options, _cancellation);
        Assert.Equal(3, plan.LastPartition!.Number);
        Assert.True(plan.MisplacesBackupTable);
        Assert.Contains("of 3 partitions, but the first sector does not say so", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(QedPartition.WholeDisk, Assert.Single(DiskPartitioning.Run(path, new())).Number);
    }

    [Fact]
    public void A_backup_that_a_table_or_a_file_system_took_the_place_of_does_not_count()
    {
        byte[] gpt = PartitionFixtures.Bytes("gpt.img");
        byte[] fileSystem = PartitionFixtures.Bytes("ext2.img");
        byte[] table = PartitionFixtures.Bytes("mbr.img").AsSpan(0, 512).ToArray();
        foreach (byte[] head in (byte[][])[fileSystem, table])
        {
            gpt.AsSpan(0, 2048).Clear();
            head.CopyTo(gpt, 0);
            string raw = _folder.PathOf("disk.raw");
            File.WriteAllBytes(raw, gpt);
            List<string> warnings = [];
            DiskPartitioning.Run(raw, new() { SourceFormat = QedDiskFormat.Raw, Trace = new() { Warning = warnings.Add } });
            Assert.DoesNotContain(warnings, warning => warning.Contains("GPT", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_table_in_a_backing_file_counts_and_where_it_is_missing_that_is_a_warning()
    {
        string path = Make("gpt.img");
        string overlay = _folder.PathOf("over.qed");
        ImageCreation.Run(overlay, new() { BackingFile = path }, _cancellation);
        Assert.Throws<QedShrinkException>(() => ImageResize.Plan(overlay, 4 << 20, new() { Shrink = true }, _cancellation));

        File.Delete(path);
        ImageResizePlan plan = ImageResize.Plan(overlay, 4 << 20, new() { Shrink = true, Trace = Trace }, _cancellation);
        Assert.Empty(plan.Partitions);
        Assert.Contains("could not be found out whether a partition ends beyond the new size", Assert.Single(_warnings), StringComparison.Ordinal);
        ImageResize.Run(overlay, 4 << 20, new() { Shrink = true, Trace = Trace }, cancellation: _cancellation);
        Assert.Equal(_warnings[0], _warnings[1]);
    }

    [Fact]
    public void A_file_system_without_a_table_is_a_warning_when_the_disk_shrinks()
    {
        string raw = _folder.PathOf("whole.raw");
        File.WriteAllBytes(raw, [.. PartitionFixtures.Bytes("ext2.img"), .. new byte[1 << 20]]);
        string path = _folder.PathOf("whole.qed");
        DiskConversion.Run(raw, path, new(), cancellation: _cancellation);
        ImageResize.Plan(path, 512 << 10, new() { Shrink = true, Trace = Trace }, _cancellation);
        Assert.Contains("ext2 is on the disk as a whole", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    private OperationTrace Trace => new() { Warning = _warnings.Add };

    private string Make(string table)
    {
        string raw = _folder.PathOf("disk.raw");
        File.WriteAllBytes(raw, PartitionFixtures.Bytes(table));
        string path = _folder.PathOf("disk.qed");
        DiskConversion.Run(raw, path, new(), cancellation: _cancellation);
        return path;
    }
}
