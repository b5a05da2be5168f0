using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using QedTools.Tests.Support;

namespace QedTools.Tests.Independent;

/// <summary>One mutated QED image, alone or over a backing file, through every operation.</summary>
internal sealed class QedTrial
{
    private const long MaxCounted = 16 << 20;
    private const string Top = "image.qed";
    private const long HugeDisk = 1L << 38;

    private static readonly (string Name, QedDiskFormat Format)[] Formats =
    [
        ("result.qed", QedDiskFormat.Qed), ("result.qcow2", QedDiskFormat.Qcow2), ("result.vhdx", QedDiskFormat.Vhdx),
        ("result.vhd", QedDiskFormat.Vhd), ("result.vdi", QedDiskFormat.Vdi), ("result.vmdk", QedDiskFormat.Vmdk),
    ];

    private readonly FuzzRun _run;
    private readonly FuzzTrial _trial;
    private readonly Random _random;
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly QedSnapshot _before;
    private readonly ReferenceQed? _disk;
    private readonly string? _whyInvalid;
    private readonly string? _damage;
    private readonly string? _baseDamage;
    private readonly bool _isTopSound;
    private readonly bool _isSound;
    private readonly long? _lost;
    private readonly SortedSet<long> _leaked = [];

    private QedTrial(FuzzRun run, FuzzTrial trial, Random random)
    {
        _run = run;
        _trial = trial;
        _random = random;
        trial.Story = Make();
        trial.Keep = folder =>
        {
            foreach ((string name, byte[] bytes) in _files)
            {
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            }
        };
        _before = new QedSnapshot(_files);
        (_disk, _whyInvalid) = _before.Open(Top);
        if (_disk is not null)
        {
            QedSurvey survey = _disk.Survey();
            (_damage, _isTopSound, _leaked) = (survey.Damage, survey.IsSound, survey.Leaked);
            _lost = _disk.FirstLost();
        }

        bool isBaseSound = true;
        if (BaseName is { } name && name.EndsWith(".qed", StringComparison.Ordinal))
        {
            (ReferenceQed? disk, string? why) = _before.Open(name);
            QedSurvey survey = disk?.Survey() ?? new QedSurvey(why, null, []);
            (_baseDamage, isBaseSound) = (survey.Damage, survey.IsSound);
        }

        _isSound = _isTopSound && isBaseSound && _lost is null && _disk!.IsBackingThere;
        Tally();
    }

    private string? BaseName => _files.Keys.FirstOrDefault(name => name.StartsWith("base.", StringComparison.Ordinal));

    private string TopPath => PathOf(Top);

    /// <summary>Makes an image, damages it, and runs every operation on a copy of it.</summary>
    public static void Run(FuzzRun run, Random random, FuzzTrial trial)
    {
        QedTrial one = new(run, trial, random);
        foreach ((string name, Action action) in one.Operations())
        {
            try
            {
                one.Reset();
                action();
            }
            catch (Exception e) when (e is not QedException)
            {
                trial.Broken($"{name}: throws {e.GetType().Name}", e.ToString().ReplaceLineEndings(" "));
            }
        }

        one.Clear();
    }

    private IEnumerable<(string Name, Action Run)> Operations()
    {
        yield return ("check", Check);
        yield return ("read", () => ReadThrough("read", Top, _disk, _isSound));
        yield return ("map", Map);
        yield return ("compare", CompareWithCopy);
        yield return ("repair", Repair);
        yield return ("grow", () => Resize("grow", GrownLength()));
        yield return ("shrink", () => Resize("shrink", Math.Max(512, _random.NextInt64(_disk?.Length + 1 ?? 1) / 512 * 512)));
        yield return ("set backing file", () => SetBacking("set backing file", preserve: false));
        yield return ("preserve content", () => SetBacking("preserve content", preserve: true));
        yield return ("optimize", () => Optimize("optimize", against: false));
        if (_disk?.HasBackingFile == true)
        {
            yield return ("optimize against backing file", () => Optimize("optimize against backing file", against: true));
        }

        yield return ("merge", () => Merge("merge", keep: false));
        yield return ("merge and keep", () => Merge("merge and keep", keep: true));
        yield return ("write", Write);
        yield return ("new overlay", NewOverlay);
        yield return ("convert to raw", () => Convert("result.raw", QedDiskFormat.Raw));
        (string result, QedDiskFormat format) = QedLayout.Pick(_random, Formats);
        yield return ($"convert to {format}", () => Convert(result, format));
    }

    private string Make()
    {
        byte[] below = new byte[_random.Next(1, 400) * 512];
        QedLayout? baseLayout = null;
        (string Name, bool IsRaw)? backing = null;
        switch (_random.Next(10))
        {
            case < 4:
                below = [];
                break;
            case < 7:
                QedLayout.Stamp(below.AsSpan(_random.Next(below.Length)), 5000, 0);
                if (_random.Next(3) == 0)
                {
                    below.AsSpan(0, below.Length / 2).Clear();
                }

                backing = ("base.raw", _random.Next(2) == 0);
                _files["base.raw"] = below;
                break;
            default:
                baseLayout = QedLayout.Make(_random, null, []);
                backing = ("base.qed", false);
                _files["base.qed"] = baseLayout.File;
                QedSnapshot sound = new(_files);
                ReferenceQed disk = sound.Open("base.qed").Disk!;
                below = new byte[Math.Min(below.Length, disk.Length)];
                disk.Read(0, below, new bool[below.Length]);
                break;
        }

        QedLayout layout = QedLayout.Make(_random, backing, below);
        byte[] file = layout.File;
        List<string> descriptions = QedMutation.Apply(_random, layout, QedLayout.Pick(_random, 0, 1, 1, 1, 1, 2, 2, 3), ref file);
        _files[Top] = file;
        string story = string.Create(CultureInfo.InvariantCulture, $"{layout.ClusterSize}x{layout.TableClusters}, disk {layout.Length}, over {backing?.Name ?? "nothing"}{(backing?.IsRaw == true ? " (raw)" : "")}; {string.Join("; ", descriptions)}");
        if (baseLayout is not null && _random.Next(4) == 0)
        {
            byte[] damaged = [.. baseLayout.File];
            story += $"; backing file: {string.Join("; ", QedMutation.Apply(_random, baseLayout, 1, ref damaged))}";
            _files["base.qed"] = damaged;
        }
        else if (backing?.Name == "base.raw" && _random.Next(4) == 0)
        {
            _files["base.raw"] = below[.._random.Next(below.Length)];
            story += $"; backing file: cut to {_files["base.raw"].Length}";
        }

        byte[] other = new byte[_random.Next(1, 200) * 512];
        QedLayout.Stamp(other, 6000, 0);
        _files["other.raw"] = other;
        _files["other.qed"] = QedLayout.Make(_random, null, []).File;
        return story;
    }

    private void Tally()
    {
        Findings findings = _run.Findings;
        findings.Count(_whyInvalid is not null ? "QED: header not valid" : _damage is not null ? "QED: damaged" : _isTopSound ? "QED: valid" : "QED: doubtful");
        findings.Count("QED: damaged without the need-check bit", _damage is not null && !_disk!.IsMarked ? 1 : 0);
        findings.Count("QED: with lost data", _lost is not null ? 1 : 0);
        findings.Count("QED: over a backing file", BaseName is not null ? 1 : 0);
        findings.Count("QED: over a damaged backing file", _baseDamage is not null ? 1 : 0);
    }

    private void Check()
    {
        QedCheckResult? result = null;
        QedException? refusal = Attempt("check", () => result = ImageCheck.Run(TopPath, new ImageCheckOptions(), cancellation: _run.Cancellation));
        Unchanged("check");
        if (refusal is not null)
        {
            RefusedSound("check", refusal, _isTopSound);
        }
        else if (_disk is null)
        {
            Broken("check", "opens what the specification forbids", _whyInvalid!);
        }
        else if (_damage is not null && result!.Status != QedCheckStatus.Corrupt)
        {
            Broken("check", "misses damage", $"{_damage}: {result.Status}");
        }
        // A partial cluster at the end of the file may count as one more leak.
        else if (_isTopSound && (result!.Status != (result.LeakedClusters > 0 ? QedCheckStatus.Leaks : QedCheckStatus.Clean) || result.LeakedClusters - _leaked.Count is not (0 or 1)))
        {
            Broken("check", "is wrong about a valid image", $"{_leaked.Count} leaks, {result.Status} with {result.LeakedClusters}");
        }
    }

    // Reads the data that the model considers readable and the data that it considers lost.
    private void ReadThrough(string operation, string name, ReferenceDisk? expected, bool isSound)
    {
        DiskStream? stream = null;
        QedException? refusal = Attempt(operation, () => stream = DiskOpening.Run(PathOf(name), new DiskOpeningOptions(), cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            RefusedSound(operation, refusal, isSound);
            return;
        }

        using (stream!)
        {
            if (expected is null)
            {
                Broken(operation, "opens what the specification forbids", _whyInvalid!);
                return;
            }

            if (stream!.Length != expected.Length)
            {
                Broken(operation, "different size", $"{stream.Length} instead of {expected.Length}");
            }

            byte[] values = new byte[ReferenceDisk.Granule];
            bool[] known = new bool[ReferenceDisk.Granule];
            foreach (long place in expected.Places())
            {
                int count = expected.ReadGranule(place, values, known);
                int lost = known.AsSpan(0, count).IndexOf(false);
                ReadGranule(operation, stream, place * ReferenceDisk.Granule, values, known.AsSpan(0, count), isLost: lost >= 0);
                if (lost > 0)
                {
                    ReadGranule(operation + " readable part", stream, place * ReferenceDisk.Granule, values, known.AsSpan(0, lost), isLost: false);
                }
            }
        }

        Unchanged(operation);
    }

    private void ReadGranule(string operation, Stream stream, long offset, byte[] values, ReadOnlySpan<bool> known, bool isLost)
    {
        byte[] actual = new byte[known.Length];
        int done = 0;
        try
        {
            stream.Position = offset;
            int more;
            while (done < actual.Length && (more = stream.Read(actual, done, actual.Length - done)) > 0)
            {
                done += more;
            }
        }
        catch (QedException e)
        {
            if (!isLost)
            {
                Broken(operation, "readable data is refused", $"{offset}+{known.Length}: {e.Message}");
            }

            return;
        }

        if (isLost && done == actual.Length)
        {
            Broken(operation, "lost data can be read", $"{offset + known.IndexOf(false)}");
            return;
        }

        for (int i = 0; i < done; i++)
        {
            if (known[i] && actual[i] != values[i])
            {
                Broken(operation, "wrong data", $"byte {offset + i} should be {values[i]:x2} and is {actual[i]:x2}");
                return;
            }
        }
    }

    private void Map()
    {
        List<QedExtent> extents = [];
        QedException? refusal = Attempt("map", () => extents.AddRange(ImageMapping.Run(TopPath, new ImageMappingOptions(), _run.Cancellation).Take(20_000)));
        Unchanged("map");
        if (refusal is not null)
        {
            RefusedSound("map", refusal, _isTopSound);
        }

        if (_disk is null)
        {
            return;
        }

        long at = 0;
        foreach (QedExtent extent in extents)
        {
            if (extent.Start != at || extent.Length <= 0)
            {
                Broken("map", "extents with gaps", $"{extent} after {at}");
                return;
            }

            at += extent.Length;
            long last = extent.Start + extent.Length - 1;
            foreach (long offset in new[] { extent.Start, extent.Start + (extent.Length / 2), last })
            {
                (MappedTo kind, long fileOffset) = _disk.Find(offset);
                MappedTo reported = extent.State switch
                {
                    QedExtentState.Data => MappedTo.Data,
                    QedExtentState.Zero => MappedTo.Zeroes,
                    QedExtentState.Unallocated => MappedTo.Backing,
                    _ => MappedTo.Nowhere,
                };
                bool isElsewhere = kind == MappedTo.Data && reported == MappedTo.Data
                    && fileOffset + (offset % _disk.ClusterSize) != extent.FileOffset + (offset - extent.Start);
                // A truncated cluster may be reported as damaged or as data.
                if (isElsewhere || (kind != reported && !(kind == MappedTo.Data && reported == MappedTo.Nowhere && _damage is not null)))
                {
                    Broken("map", "is wrong", $"{extent} at {offset}: {kind} {fileOffset}");
                    return;
                }
            }
        }

        if (refusal is null && extents.Count < 20_000 && at != _disk.Length)
        {
            Broken("map", "ends early", $"{at} of {_disk.Length}");
        }
    }

    private void CompareWithCopy()
    {
        File.Copy(TopPath, PathOf("copy.qed"));
        QedComparison? result = null;
        QedException? refusal = Attempt("compare", () => result = DiskComparison.Run(TopPath, PathOf("copy.qed"), new DiskComparisonOptions(), cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            RefusedSound("compare", refusal, _isSound);
        }
        else if (_lost is not null || _disk is null || !result!.AreEqual)
        {
            Broken("compare", _disk is null ? "opens what the specification forbids" : "lost data is equal to itself", $"{_whyInvalid} {_lost}");
        }
    }

    private void Repair()
    {
        QedRepairResult? result = null;
        QedException? refusal = Attempt("repair", () => result = ImageRepair.Run(TopPath, new ImageRepairOptions(), cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            RefusedRepair("repair", refusal);
            return;
        }

        byte[] repaired = CheckRepaired("repair", result!);
        if (result!.BackupPath is { } backup)
        {
            Tamper(backup, repaired);
            refusal = Attempt("restore", () => ImageRepair.Restore(TopPath, backup));
            if (refusal is not null)
            {
                Broken("restore", "is refused", refusal.Message);
            }
            else
            {
                CheckRestored(result.Before.Status);
            }

            refusal = Attempt("restore twice", () => ImageRepair.Restore(TopPath, backup));
            if (refusal is null)
            {
                Broken("restore twice", "is not refused", string.Empty);
            }
        }

        Reset();
        refusal = Attempt("repair without backup", () => result = ImageRepair.Run(TopPath, new ImageRepairOptions { NoBackup = true }, cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            RefusedRepair("repair without backup", refusal);
        }
        else if (!CheckRepaired("repair without backup", result!).AsSpan().SequenceEqual(repaired))
        {
            Broken("repair without backup", "differs from one with backup", string.Empty);
        }
    }

    private void RefusedRepair(string operation, QedException refusal)
    {
        Refused(operation, refusal, mayRefuse: true);
        if (_disk is not null)
        {
            Broken(operation, _disk.IsTableCutOff ? "refuses an image whose L1 table is truncated" : "refuses a valid header", refusal.Message);
        }
    }

    private byte[] CheckRepaired(string operation, QedRepairResult result)
    {
        QedSnapshot now = QedSnapshot.Of(_run.Folder);
        byte[] repaired = now.Files.GetValueOrDefault(Top) ?? [];
        if (_disk is null)
        {
            Broken(operation, "opens what the specification forbids", _whyInvalid!);
            return repaired;
        }

        if (_baseDamage is null && _disk.IsBackingThere && _disk.Length <= MaxCounted && _disk.CountLost() is var lost && lost != result.ClearedBytes)
        {
            Broken(operation, "says how much is lost, and is wrong", $"{result.ClearedBytes} instead of {lost}: {string.Join("; ", result.Repairs.Take(3))}");
        }

        ReferenceQed? after = Reads(operation, _disk, now, Top, lostStaysLost: false);
        if (after is not null)
        {
            QedSurvey survey = after.Survey();
            if (survey.Damage is not null || survey.Leaked.Count > 0 || after.IsMarked || result.After.Status != QedCheckStatus.Clean)
            {
                Broken(operation, "leaves something", $"{survey.Damage} {survey.Leaked.Count} leaks, marked {after.IsMarked}, {result.After.Status}");
            }
        }

        QedRepairResult? second = null;
        QedException? refusal = Attempt(operation + " again", () => second = ImageRepair.Run(TopPath, new ImageRepairOptions(), cancellation: _run.Cancellation));
        if (refusal is not null || second!.RepairCount != 0 || second.BackupPath is not null || !Holds(TopPath, repaired))
        {
            Broken(operation, "a second repair changes something", refusal?.Message ?? $"{second!.RepairCount} repairs: {string.Join("; ", second.Repairs.Take(3))}");
        }

        if (after is not null)
        {
            GrowRepaired(operation, after);
            File.WriteAllBytes(TopPath, repaired);
        }

        return repaired;
    }

    // Data that entries past the end of the disk refer to must not become visible.
    private void GrowRepaired(string operation, ReferenceQed repaired)
    {
        long length = Math.Min(repaired.LargestLength, repaired.Length + (512L * _random.Next(1, 9000)));
        QedException? refusal = Attempt("grow the repaired image", () => ImageResize.Run(TopPath, length, new ImageResizeOptions(), cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            RefusedSound("grow the repaired image", refusal, _baseDamage is null && repaired.IsBackingThere);
            return;
        }

        Reads(operation + " and grow", new ReferenceResized(repaired, length), QedSnapshot.Of(_run.Folder), Top, lostStaysLost: true);
    }

    private void CheckRestored(QedCheckStatus status)
    {
        byte[] restored = File.ReadAllBytes(TopPath);
        byte[] original = _files[Top];
        if (restored.Length != original.Length)
        {
            Broken("restore", "different length", $"{original.Length} became {restored.Length}");
            return;
        }

        for (int i = 0; i < original.Length; i++)
        {
            bool isFree = status == QedCheckStatus.Leaks && (_leaked.Contains(i / _disk!.ClusterSize) || i >= original.Length / _disk.ClusterSize * _disk.ClusterSize);
            if (original[i] != restored[i] && !isFree)
            {
                Broken("restore", "different byte", $"byte {i} was {original[i]:x2} and is {restored[i]:x2}");
                return;
            }
        }
    }

    // A damaged backup must never cause a change.
    private void Tamper(string backup, byte[] repaired)
    {
        byte[] sound = File.ReadAllBytes(backup);
        byte[] damaged = [.. sound];
        string how;
        if (_random.Next(3) > 0)
        {
            // Half of the time near the beginning, where the metadata of the backup is dense.
            int at = _random.Next(2) == 0 ? _random.Next(Math.Min(sound.Length, 1500)) : _random.Next(sound.Length);
            int bit = _random.Next(8);
            damaged[at] ^= (byte)(1 << bit);
            how = $"bit {bit} of byte {at} of {sound.Length}";
        }
        else
        {
            int length = _random.Next(2) == 0 ? sound.Length - QedLayout.Pick(_random, 1, 8, 32, 512) : _random.Next(sound.Length);
            Array.Resize(ref damaged, Math.Max(0, length));
            how = $"cut from {sound.Length} to {damaged.Length}";
        }

        File.WriteAllBytes(backup, damaged);
        QedException? refusal = Attempt("restore a damaged backup", () => ImageRepair.Restore(TopPath, backup));
        if (refusal is null)
        {
            Broken("restore a damaged backup", "is not refused", how);
        }

        if (!Holds(TopPath, repaired))
        {
            Broken("restore a damaged backup", "changes the image", how);
            File.WriteAllBytes(TopPath, repaired);
        }

        if (!Holds(backup, damaged))
        {
            Broken("restore a damaged backup", "changes the backup", how);
        }

        File.WriteAllBytes(backup, sound);
    }

    private long GrownLength()
    {
        long length = _disk?.Length ?? 1 << 20;
        long more = 512L * _random.Next(1, _random.Next(3) == 0 ? 20_000 : 60);
        return Math.Min(length + more, _disk?.LargestLength ?? long.MaxValue / 512 * 512);
    }

    private void Resize(string operation, long length)
    {
        QedException? refusal = Attempt(operation, () => ImageResize.Run(TopPath, length, new ImageResizeOptions { Shrink = true }, cancellation: _run.Cancellation));
        Changed(operation, refusal, disk => new ReferenceResized(disk, length), lostStaysLost: true, checksTables: length != _disk?.Length, readsBelow: true);
    }

    private void SetBacking(string operation, bool preserve)
    {
        string? name = QedLayout.Pick(_random, null, "other.raw", "other.qed");
        BackingFileChangeOptions options = new() { BackingFile = name, PreserveContent = preserve };
        QedException? refusal = Attempt(operation, () => BackingFileChange.Run(TopPath, options, cancellation: _run.Cancellation));
        bool mayRefuse = name is not null && _disk?.HasUnknownBits == true;
        ReferenceDisk? backing = name is null ? null : _before.Resolve(name, isRaw: false);
        Changed(
            operation,
            refusal,
            disk => preserve ? disk : disk.Over(backing),
            lostStaysLost: true,
            checksTables: preserve,
            mayRefuse,
            readsBelow: preserve);
        if (refusal is null && !preserve && _disk is not null)
        {
            byte[] now = File.ReadAllBytes(TopPath);
            int header = (int)Math.Min(_disk.HeaderBytes, now.Length);
            if (!now.AsSpan(header).SequenceEqual(_files[Top].AsSpan(header)))
            {
                Broken(operation, "changes more than the header", string.Empty);
            }
        }
    }

    private void Optimize(string operation, bool against)
    {
        ImageOptimizationOptions options = new() { AgainstBackingFile = against };
        QedException? refusal = Attempt(operation, () => ImageOptimization.Run(TopPath, options, cancellation: _run.Cancellation));
        Changed(operation, refusal, disk => disk, lostStaysLost: true, checksTables: true, readsBelow: against);
    }

    private void Merge(string operation, bool keep)
    {
        ReferenceDisk? below = BaseName is { } name ? _before.Resolve(name, ((_disk?.Features ?? 0) & ReferenceQed.BackingIsRaw) != 0) : null;
        if (below is ReferenceRaw && _disk?.Length > QedSnapshot.MaxFile)
        {
            return;
        }

        QedException? refusal = Attempt(operation, () => DiskMerge.Run(TopPath, new DiskMergeOptions { Keep = keep }, cancellation: _run.Cancellation));
        Changed(operation, refusal, disk => disk, lostStaysLost: true, checksTables: true, mayRefuse: _disk?.HasBackingFile != true || (below as ReferenceQed)?.LargestLength < _disk.Length, isClosed: !keep);
        if (refusal is not null || _disk is null)
        {
            return;
        }

        if (below is null)
        {
            Broken(operation, "merges into a missing backing file", string.Empty);
            return;
        }

        ReferenceDisk now = QedSnapshot.Of(_run.Folder).Resolve(BaseName!, (_disk.Features & ReferenceQed.BackingIsRaw) != 0);
        if (_baseDamage is not null && below is ReferenceQed)
        {
            Broken(operation, "writes to a damaged backing file", _baseDamage);
        }

        ReferenceMerged expected = new(_disk, below);
        if (expected.Length != now.Length)
        {
            Broken(operation, "the backing file has a different size", $"{now.Length} instead of {expected.Length}");
        }

        if (expected.Difference(now, lostStaysLost: true) is { } difference)
        {
            Broken(operation, "the backing file reads differently", difference);
        }
    }

    private void Write()
    {
        List<(long Offset, byte[] Bytes, bool IsDone)> writes = [];
        QedException? refusal = Attempt("write", () =>
        {
            DiskStream stream = DiskOpening.Run(TopPath, new DiskOpeningOptions { Writable = true }, cancellation: _run.Cancellation);
            try
            {
                for (int i = _random.Next(1, 5); i > 0 && stream.Length > 0; i--)
                {
                    WriteOnce(stream, writes);
                }
            }
            finally
            {
                stream.Dispose();
            }
        });
        Changed("write", refusal, disk => new ReferenceWritten(disk, writes), lostStaysLost: false, checksTables: true, isPartly: writes.Count > 0);
    }

    private void WriteOnce(DiskStream stream, List<(long Offset, byte[] Bytes, bool IsDone)> writes)
    {
        long reach = _random.Next(4) == 0 ? stream.Length : Math.Min(stream.Length, 200_000);
        long offset = _random.NextInt64(reach);
        byte[] bytes = new byte[Math.Min(stream.Length - offset, _random.Next(1, 9000))];
        if (_random.Next(4) > 0)
        {
            QedLayout.Stamp(bytes, 8000, writes.Count);
        }

        stream.Position = offset;
        writes.Add((offset, bytes, false));
        stream.Write(bytes, 0, bytes.Length);
        writes[^1] = (offset, bytes, true);
        if (_random.Next(3) == 0)
        {
            stream.Flush();
        }
    }

    private void NewOverlay()
    {
        QedException? refusal = Attempt("new overlay", () => ImageCreation.Run(PathOf("new.qed"), new ImageCreationOptions { BackingFile = Top, ClusterSize = 4096, TableSize = 1 }));
        if (refusal is not null)
        {
            Refused("new overlay", refusal, mayRefuse: !(_isSound && _disk!.Length is > 0 and < 1 << 30));
            return;
        }

        // Without a magic number the file is raw, despite its name, if it is accepted at all.
        ReferenceDisk? expected = _whyInvalid is ReferenceQed.NoMagic ? new ReferenceRaw(_files[Top]) : _disk;
        ReadThrough("read through new overlay", "new.qed", expected, _isSound);
    }

    private void Convert(string result, QedDiskFormat format)
    {
        string operation = $"convert to {format}";
        if (_disk is not null && _disk.Length > HugeDisk && format is not (QedDiskFormat.Qed or QedDiskFormat.Raw))
        {
            return;
        }

        DiskConversionOptions options = new() { Format = format, NoFlush = _random.Next(2) == 0, Verify = _random.Next(8) == 0 };
        QedException? refusal = Attempt(operation, () => DiskConversion.Run(TopPath, PathOf(result), options, cancellation: _run.Cancellation));
        if (refusal is not null)
        {
            Refused(operation, refusal, mayRefuse: !(_isSound && _disk!.Length is > 0 and < 1 << 30));
            return;
        }

        Unchanged(operation);
        if (_disk is null)
        {
            Broken(operation, "opens what the specification forbids", _whyInvalid!);
            return;
        }

        if (_lost is not null)
        {
            Broken(operation, "continues although data is lost", $"byte {_lost}");
        }

        if (format == QedDiskFormat.Qed)
        {
            Reads(operation, _disk, QedSnapshot.Of(_run.Folder), result, lostStaysLost: true);
            return;
        }

        string raw = PathOf("result.raw");
        if (format != QedDiskFormat.Raw)
        {
            refusal = Attempt($"convert {format} to raw", () => DiskConversion.Run(PathOf(result), raw, new DiskConversionOptions(), cancellation: _run.Cancellation));
            if (refusal is not null)
            {
                Broken(operation, "the result cannot be read", refusal.Message);
                return;
            }
        }

        using ReferenceRawFile read = new(raw);
        if (read.Length != _disk.Length)
        {
            Broken(operation, "different size", $"{read.Length} instead of {_disk.Length}");
        }

        if (_disk.Difference(read, lostStaysLost: true) is { } difference)
        {
            Broken(operation, "reads differently", difference);
        }

        // Checks the model itself. qemu-img does not read tables of one cluster.
        if (format == QedDiskFormat.Raw && Qemu.IsInstalled && _disk.TableClusters > 1 && _lost is null && _random.Next(20) == 0)
        {
            CompareWithQemu();
        }
    }

    private void CompareWithQemu()
    {
        (int code, _, _) = Qemu.Run("qemu-img", "convert", "-f", "qed", "-O", "raw", TopPath, PathOf("qemu.raw"));
        _run.Findings.Count(code == 0 ? "QED: compared with qemu-img" : "QED: qemu-img refused");
        if (code == 0)
        {
            using ReferenceRawFile read = new(PathOf("qemu.raw"));
            if (read.Length != _disk!.Length || _disk.Difference(read, lostStaysLost: true) is not null)
            {
                Broken("qemu-img", "reads different data than the model", $"{read.Length}: {_disk.Difference(read, lostStaysLost: true)}");
            }
        }
    }

    // The rules for every operation that changes the image in place.
    private void Changed(
        string operation, QedException? refusal, Func<ReferenceQed, ReferenceDisk> expected, bool lostStaysLost, bool checksTables, bool mayRefuse = false, bool isPartly = false, bool isClosed = true, bool readsBelow = false)
    {
        if (refusal is not null && !isPartly)
        {
            Refused(operation, refusal, mayRefuse || !_isSound, readsBelow);
            return;
        }

        if (refusal is not null)
        {
            RefusedSound(operation, refusal, _isSound);
        }

        if (_disk is null)
        {
            Broken(operation, "opens what the specification forbids", _whyInvalid!);
            return;
        }

        if (checksTables && _damage is not null)
        {
            Broken(operation, "continues although the tables are damaged", _damage);
        }

        ReferenceQed? after = Reads(operation, expected(_disk), QedSnapshot.Of(_run.Folder), Top, lostStaysLost);
        if (after is not null && checksTables && isClosed && refusal is null && _damage is null && (after.IsMarked || after.Survey().Damage is not null))
        {
            Broken(operation, "leaves an image that is not clean", $"need-check bit {after.IsMarked}: {after.Survey().Damage}");
        }
    }

    // After a refusal, the files are unchanged and there are no new ones.
    private void Refused(string operation, QedException refusal, bool mayRefuse, bool readsBelow = false)
    {
        RefusedSound(operation, refusal, !mayRefuse);
        Unchanged(operation, readsBelow);
        string[] names = [.. Directory.EnumerateFiles(_run.Folder).Select(path => Path.GetFileName(path)).Where(name => !_files.ContainsKey(name))];
        if (names.Length > 0)
        {
            Broken(operation, "leaves files behind after a refusal", string.Join(", ", names));
        }
    }

    private void RefusedSound(string operation, QedException refusal, bool isSound)
    {
        if (isSound)
        {
            Broken(operation, "refuses a valid image", refusal.Message);
        }
    }

    private void Unchanged(string operation, bool readsBelow = false)
    {
        foreach ((string name, byte[] bytes) in _files)
        {
            long length = new FileInfo(PathOf(name)).Length;
            if (length > QedSnapshot.MaxFile)
            {
                Broken(operation, "makes a file very long", $"{name}: {length}");
            }
            else if (!Holds(PathOf(name), bytes))
            {
                ReferenceQed? now = QedSnapshot.Of(_run.Folder).Open(Top).Disk;
                string? difference = _disk is null || now is null ? "header" : _disk.Difference(now, lostStaysLost: true);

                // Damage below that is found in the middle of the work stops it there. The image is then valid and reads the same.
                bool isSound = now is { IsMarked: false } && now.Survey().Damage is null;
                if (difference is not null || name != Top || !readsBelow || _baseDamage is null || !isSound)
                {
                    Broken(operation, "changes a file that it must not change", $"{name}: {difference ?? "reads the same"}, {(isSound ? "valid" : "not valid")}");
                }
            }
        }
    }

    private ReferenceQed? Reads(string operation, ReferenceDisk expected, QedSnapshot now, string name, bool lostStaysLost)
    {
        if (!now.Files.ContainsKey(name))
        {
            Broken(operation, "makes a file very long", $"{new FileInfo(PathOf(name)).Length}");
            return null;
        }

        (ReferenceQed? after, string? why) = now.Open(name);
        if (after is null)
        {
            Broken(operation, "leaves no image", why!);
            return null;
        }

        if (after.Length != expected.Length)
        {
            Broken(operation, "different size", $"{after.Length} instead of {expected.Length}");
        }

        if (expected.Difference(after, lostStaysLost) is { } difference)
        {
            Broken(operation, "reads differently", difference);
        }

        return after;
    }

    private void Broken(string operation, string rule, string what) => _trial.Broken($"{operation}: {rule}", what);

    private QedException? Attempt(string operation, Action action) => _run.Attempt(_trial, operation, action);

    private string PathOf(string name) => Path.Combine(_run.Folder, name);

    private static bool Holds(string path, byte[] bytes) =>
        File.Exists(path) && new FileInfo(path).Length == bytes.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes);

    private void Reset()
    {
        foreach (string path in Directory.EnumerateFiles(_run.Folder))
        {
            if (!_files.ContainsKey(Path.GetFileName(path)))
            {
                File.Delete(path);
            }
        }

        foreach ((string name, byte[] bytes) in _files)
        {
            string path = PathOf(name);
            if (!Holds(path, bytes))
            {
                File.WriteAllBytes(path, bytes);
            }
        }
    }

    private void Clear()
    {
        foreach (string path in Directory.EnumerateFiles(_run.Folder))
        {
            File.Delete(path);
        }
    }
}
