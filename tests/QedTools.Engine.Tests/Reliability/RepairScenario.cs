using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using QedTools.Tests.Independent;

namespace QedTools.Tests.Reliability;

/// <summary>
/// A repair: everything readable before is readable at every moment, an interrupted repair can be run again, and the backup
/// of an interrupted repair restores the original.
/// </summary>
internal sealed class RepairScenario(string fixture, bool withBackup) : Scenario
{
    private const string Backup = "interrupted.qedundo";

    private byte[] _file = [];
    private ReadableDisk? _readable;

    public override string Name => $"repair {fixture}{(withBackup ? string.Empty : " without a backup")}";

    public override void Prepare(MemoryHost host)
    {
        host.PutFixture(fixture, Top);
        _file = host.Get(Top);

        // If data and a table share a cluster, that data changes with the table.
        QedCheckResult check = host.Do(() => ImageCheck.Run(host.PathOf(Top), new ImageCheckOptions { ForceShare = true }));
        _readable = ReadableDisk.Of(host, Top, except: [.. check.Corruptions
            .Where(c => c.Kind == QedCorruptionKind.DataAndTable)
            .Select(c => c.VirtualOffset / Images.ClusterSize)]);
    }

    public override void Act(MemoryHost host) =>
        ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions { NoBackup = !withBackup });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        // The name of a backup contains the time to the second, and the next repair may run within the same second.
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach ((string name, byte[] contents) in state.Files)
        {
            files.Add(name == Top ? Top : Backup, contents);
        }

        host.Restore(files);
        _readable!.Require(host, Top, "before the next repair");
        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0, wasDamaged: !isEnd);
        _readable!.Require(host, Top, "after the next repair");
        if (files.ContainsKey(Backup))
        {
            host.Restore(files);
            RequireRestored(host);
        }
        else if (withBackup && !isEnd)
        {
            Images.RequireSameUse(_file, files[Top], "the image without a backup");
        }
    }

    public override void VerifyFailed(
        MemoryHost host, CrashState state, IReadOnlyDictionary<string, byte[]> before, bool isReported, bool canUndo)
    {
        if (withBackup && isReported && canUndo)
        {
            Images.RequireSameUse(_file, host.Get(Top), "the image after a repair that failed");
            if (state.Files.Count != 1)
            {
                throw new ViolationException("The backup of a repair that was undone still exists.");
            }
        }

        Verify(host, state, isEnd: !isReported);
    }

    private void RequireRestored(MemoryHost host)
    {
        try
        {
            host.Do(() => ImageRepair.Restore(host.PathOf(Top), host.PathOf(Backup)));
        }
        catch (QedException e) when (e is QedBackupMismatchException or QedBackupDamagedException)
        {
            // Its first bytes are incomplete, or the repair was already undone: the image is the old one.
        }

        Images.RequireSameUse(_file, host.Get(Top), "the image after the repair was undone");
    }
}

/// <summary>Undoing a repair: if it is interrupted, it can be done again, and until then nobody reads a mixture of old and new.</summary>
internal sealed class RestoreScenario(string fixture) : Scenario
{
    private const ulong KnownFeatures = 7;

    private byte[] _file = [];
    private byte[] _repaired = [];
    private string _backup = string.Empty;

    public override string Name => $"undo the repair of {fixture}";

    public override void Prepare(MemoryHost host)
    {
        host.PutFixture(fixture, Top);
        _file = host.Get(Top);
        QedRepairResult repair = host.Do(() => ImageRepair.Run(host.PathOf(Top), new ImageRepairOptions()));
        _backup = repair.BackupPath ?? throw new ViolationException("There is no backup.");
        _repaired = host.Get(Top);
    }

    public override void Act(MemoryHost host) => ImageRepair.Restore(host.PathOf(Top), _backup);

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        if (isEnd)
        {
            Images.RequireSameUse(_file, host.Get(Top), "the image afterwards");
        }

        RequireNoMixture(host.Get(Top));
        try
        {
            host.Do(() => ImageRepair.Restore(host.PathOf(Top), _backup));
        }
        catch (QedBackupMismatchException)
        {
            // The repair was completely undone: the image is the old one.
        }

        Images.RequireSameUse(_file, host.Get(Top), "the image after undoing the repair again");
    }

    // With a reader written from the specification: what was readable reads the same, or no program can open the image.
    private void RequireNoMixture(byte[] now)
    {
        if ((BinaryPrimitives.ReadUInt64LittleEndian(now.AsSpan(16)) & ~KnownFeatures) != 0)
        {
            return;
        }

        ReferenceQed before = Open(_file);
        ReferenceQed present = Open(now);
        if (before.Difference(present, lostStaysLost: false) is { } difference && Open(_repaired).Difference(present, lostStaysLost: false) is not null)
        {
            throw new ViolationException($"The image opens and reads as neither the old nor the repaired one: {difference}");
        }
    }

    private static ReferenceQed Open(byte[] file) => ReferenceQed.Open(file, (_, _) => new ReferenceLost()).Disk!;
}
