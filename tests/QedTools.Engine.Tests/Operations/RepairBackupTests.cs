using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Tests.Reliability;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>The backup of a repair is used exactly as it was written or not at all: every bit of it is covered by a seal.</summary>
public sealed class RepairBackupTests
{
    private const string Top = "top.qed";

    public static TheoryData<string> Fixtures => ["damaged/double-one-table.qed", "damaged/truncated.qed", "damaged/leak-at-end.qed"];

    // Every byte of one backup, and samples of the others.
    private static int StepFor(string fixture) => fixture == "damaged/double-one-table.qed" ? 1 : 17;

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_backup_with_any_byte_changed_is_refused_and_nothing_changes(string fixture)
    {
        using MemoryHost host = new();
        byte[] backup = Repair(host, fixture, out string name);
        Random random = new(1);
        for (int at = 0; at < backup.Length; at += StepFor(fixture))
        {
            // Each bit of the fields that say where the old bytes belong, and a random bit of the old bytes themselves.
            int bits = at < 2048 + 56 || at > backup.Length - 4096 - 56 ? 8 : 1;
            for (int bit = 0; bit < bits; bit++)
            {
                byte[] damaged = [.. backup];
                damaged[at] ^= (byte)(1 << (bits == 8 ? bit : random.Next(8)));
                RequireRefused(host, name, damaged, $"bit {bit} of byte {at}", at);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_backup_cut_anywhere_is_refused_and_nothing_changes(string fixture)
    {
        using MemoryHost host = new();
        byte[] backup = Repair(host, fixture, out string name);
        for (int length = 0; length < backup.Length; length += StepFor(fixture))
        {
            RequireRefused(host, name, backup[..length], $"{length} bytes", length);
        }

        RequireRefused(host, name, [.. backup, 0], "one extra byte");
        for (int at = 0; at < backup.Length; at += 501)
        {
            RequireRefused(host, name, [.. backup[..at], .. backup[(at + 1)..]], $"byte {at} missing");
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_backup_with_a_sector_zeroed_or_copied_from_elsewhere_is_refused(string fixture)
    {
        using MemoryHost host = new();
        byte[] backup = Repair(host, fixture, out string name);
        for (int at = 0; at < backup.Length; at += 512)
        {
            foreach (int from in (int[])[-1, (at + 512) % backup.Length])
            {
                byte[] damaged = [.. backup];
                Span<byte> sector = damaged.AsSpan(at, Math.Min(512, damaged.Length - at));
                sector.Clear();
                if (from >= 0)
                {
                    backup.AsSpan(from, Math.Min(sector.Length, backup.Length - from)).CopyTo(sector);
                }

                if (!damaged.AsSpan().SequenceEqual(backup))
                {
                    RequireRefused(host, name, damaged, $"sector at {at} from {from}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_whole_backup_restores_the_image_to_the_last_byte_that_is_in_use(string fixture)
    {
        using MemoryHost host = new();
        byte[] original = File.ReadAllBytes(Fixture.PathOf(fixture));
        _ = Repair(host, fixture, out string name);
        host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name)));
        Images.RequireSameUse(original, host.Get(Top), "the image");
    }

    [Fact]
    public void A_backup_whose_repair_was_interrupted_is_sealed_as_well()
    {
        using MemoryHost host = new();
        host.PutFixture("damaged/several.qed", Top);
        byte[] original = host.Get(Top);
        Recording recording = host.Record(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions()));

        // The process ended after half of the changes.
        CrashState[] states = [.. PowerCut.StatesOf(recording, new Random(1), samples: 0)
            .Where(s => s.Description.StartsWith("All", StringComparison.Ordinal) && s.Files.Count == 2 && s.Files.Last().Value.Length > 2048)];
        CrashState state = states[states.Length / 2];
        string name = state.Files.Keys.Single(k => k != Top);
        host.Restore(state.Files);
        byte[] backup = host.Get(name);
        long recordsEnd = BinaryPrimitives.ReadInt64LittleEndian(backup.AsSpan(1544));
        for (int at = 0; at < recordsEnd; at += 3)
        {
            byte[] damaged = [.. backup];
            damaged[at] ^= 0x10;
            RequireRefused(host, name, damaged, $"byte {at}", at);
        }

        host.Put(name, backup);
        host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name)));
        Images.RequireEqual(original, host.Get(Top), "the image");
    }

    [Fact]
    public void A_backup_whose_repair_was_interrupted_is_refused_for_an_image_that_another_repair_finished()
    {
        using MemoryHost host = new();
        host.PutFixture("damaged/several.qed", Top);
        SortedDictionary<string, byte[]> before = host.Snapshot();
        Recording recording = host.Record(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions()));
        CrashState state = PowerCut.StatesOf(recording, new Random(1), samples: 0)
            .First(s => s.Files.Count == 2 && s.Files.Last().Value.Length > 2048);
        string name = state.Files.Keys.Single(k => k != Top);
        host.Restore(state.Files);
        byte[] cutOff = host.Get(name);
        host.Restore(before);
        host.Do(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions { NoBackup = true }));
        host.Put(name, cutOff);
        byte[] repaired = host.Get(Top);

        Assert.Throws<QedBackupMismatchException>(() => host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name))));
        Assert.Equal(repaired, host.Get(Top));
    }

    [Fact]
    public void A_damaged_backup_of_a_later_repair_blocks_restoring_an_earlier_one()
    {
        using MemoryHost host = new();
        byte[] backup = Repair(host, "damaged/double-one-table.qed", out string name);
        byte[] damaged = [.. backup];
        damaged[1536] ^= 1;
        host.Put(Top + ".29991231T235959Z.qedundo", damaged);
        byte[] image = host.Get(Top);

        QedBackupMismatchException error = Assert.Throws<QedBackupMismatchException>(() => host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name))));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(image, host.Get(Top));
    }

    [Fact]
    public void A_backup_in_the_old_format_is_refused_by_format_name()
    {
        using MemoryHost host = new();
        byte[] backup = [.. Repair(host, "damaged/double-one-table.qed", out string name)];
        "QEDUNDO2"u8.CopyTo(backup);
        host.Put(name, backup);
        QedBackupMismatchException error = Assert.Throws<QedBackupMismatchException>(() => host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name))));
        Assert.Contains("QEDUNDO2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_range_that_is_written_repeatedly_is_saved_once()
    {
        MemoryStorage file = new();
        byte[] data = new byte[64 << 10];
        new Random(1).NextBytes(data);
        file.Write(0, data);
        MemoryStorage journalFile = new("journal.qedundo");
        using UndoJournal journal = UndoJournal.Begin(journalFile, file);
        UndoStorage storage = new(file, journal);
        for (int i = 0; i < 1000; i++)
        {
            storage.Write(i * 8 % 16384, BitConverter.GetBytes((long)i));
            storage.Flush();
        }

        storage.SetLength(8192);
        Assert.InRange(journalFile.Length, 64 << 10, 68 << 10);
        UndoBackup.Read(journalFile).Restore(file);
        byte[] restored = new byte[data.Length];
        Assert.Equal(data.Length, file.Read(0, restored));
        Assert.Equal(data, restored);
    }

    private static byte[] Repair(MemoryHost host, string fixture, out string name)
    {
        host.PutFixture(fixture, Top);
        QedRepairResult result = host.Do(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions()));
        name = Path.GetFileName(result.BackupPath)!;
        return host.Get(name);
    }

    // Every one is read, and a sample of them is restored.
    private static void RequireRefused(MemoryHost host, string name, byte[] damaged, string what, int number)
    {
        MemoryStorage file = new(name);
        file.SetLength(damaged.Length);
        file.Write(0, damaged);
        Exception? refused = Record.Exception(() => UndoBackup.Read(file));
        Assert.True(refused is QedBackupDamagedException or QedBackupMismatchException, $"{what}: {refused?.Message ?? "read"}");
        if (number % 41 == 0)
        {
            RequireRefused(host, name, damaged, what);
        }
    }

    private static void RequireRefused(MemoryHost host, string name, byte[] damaged, string what)
    {
        byte[] image = host.Get(Top);
        host.Put(name, damaged);
        QedException? error = null;
        try
        {
            host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(name)));
        }
        catch (QedException e)
        {
            error = e;
        }

        Assert.True(error is QedBackupDamagedException or QedBackupMismatchException, $"{what}: {error?.Message ?? "restored"}");
        Assert.True(image.AsSpan().SequenceEqual(host.Get(Top)), $"{what}: the image was changed.");
        Assert.True(damaged.AsSpan().SequenceEqual(host.Get(name)), $"{what}: the backup was changed.");
    }
}
