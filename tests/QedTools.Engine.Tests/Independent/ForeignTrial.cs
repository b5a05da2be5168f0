using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Tests.Support;

namespace QedTools.Tests.Independent;

/// <summary>
/// One mutated file of another format. There is no model of these: a file that was only truncated reads like the valid one or not at all, all
/// ways to read a file agree, and if qemu-img reads it too, it reads the same.
/// </summary>
internal sealed class ForeignTrial
{
    private const long MaxRead = 16 << 20;

    private readonly FuzzRun _run;
    private readonly FuzzTrial _trial;
    private readonly Random _random;
    private readonly ForeignDisk _disk;
    private readonly Dictionary<string, byte[]> _files;
    private int _cutBy;
    private bool _isOnlyCut = true;

    private ForeignTrial(FuzzRun run, FuzzTrial trial, Random random, ForeignDisk disk)
    {
        _run = run;
        _trial = trial;
        _random = random;
        _disk = disk;
        _files = disk.Files.ToDictionary();
        List<string> descriptions = [];
        bool isCut = random.Next(5) < 2;
        for (int i = isCut || random.Next(4) > 0 ? 1 : 2; i > 0; i--)
        {
            string name = QedLayout.Pick(random, [.. _files.Keys]);
            descriptions.Add($"{name}: {(isCut ? Cut(name) : Mutate(name))}");
        }

        trial.Story = $"{disk.Name}; {string.Join("; ", descriptions)}";
        trial.Keep = folder =>
        {
            foreach ((string name, byte[] bytes) in _files)
            {
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            }
        };
    }

    private bool IsChanged => _files.Any(file => !ReferenceEquals(file.Value, _disk.Files[file.Key]));

    /// <summary>Damages a file of one of the disks and reads it in every way.</summary>
    public static void Run(FuzzRun run, Random random, FuzzTrial trial, IReadOnlyList<ForeignDisk> disks)
    {
        ForeignTrial one = new(run, trial, random, disks[random.Next(disks.Count)]);
        try
        {
            one.Read();
        }
        catch (Exception e) when (e is not QedException)
        {
            trial.Broken($"{one._disk.Name}: throws {e.GetType().Name}", e.ToString().ReplaceLineEndings(" "));
        }

        foreach (string path in Directory.EnumerateFiles(run.Folder))
        {
            File.Delete(path);
        }
    }

    private void Read()
    {
        foreach ((string name, byte[] bytes) in _files)
        {
            File.WriteAllBytes(PathOf(name), bytes);
        }

        (byte[]? streamed, long length, bool isPartly, string? streamRefusal) = ReadStream();
        _run.Findings.Count($"{_disk.Name} {(streamed is null ? "refused" : "read")}");
        QedException? refusal = Attempt("to raw", () => DiskConversion.Run(PathOf(_disk.Main), PathOf("result.raw"), new DiskConversionOptions { Snapshot = _disk.Snapshot }, cancellation: _run.Cancellation));
        byte[]? converted = refusal is null ? ReadBeginning(PathOf("result.raw")) : null;
        if (converted is not null && new FileInfo(PathOf("result.raw")).Length != length)
        {
            Broken("to raw", "a different size than the stream", $"{new FileInfo(PathOf("result.raw")).Length} instead of {length}");
        }

        if (converted is null != (streamed is null) && !isPartly)
        {
            Broken("to raw", "is refused although reading is not, or vice versa", refusal?.Message ?? streamRefusal ?? string.Empty);
        }
        else if (converted is not null && streamed is not null && FirstDifference(streamed, converted) is { } at)
        {
            Broken("to raw", "differs from reading", $"byte {at}");
        }

        converted ??= isPartly ? null : streamed;
        CheckCut("to raw", converted);
        if (length > MaxRead || isPartly)
        {
            return;
        }

        if (_random.Next(4) == 0)
        {
            ToQed(converted);
        }

        if (_random.Next(4) == 0 && _disk.Snapshot is null)
        {
            Overlay(converted);
        }

        if (_random.Next(4) == 0)
        {
            Compare(converted);
        }

        // The contents of a damaged zstd frame without a checksum depend on the decoder.
        if (converted is not null && !_isOnlyCut && !_disk.Name.Contains("zstd", StringComparison.Ordinal) && _random.Next(_run.Only is null ? 8 : 1) == 0)
        {
            CompareWithQemu(converted);
        }
    }

    private (byte[]? Bytes, long Length, bool IsPartly, string? Refusal) ReadStream()
    {
        byte[]? bytes = null;
        long length = 0;
        QedException? refusal = Attempt("read", () =>
        {
            using DiskStream stream = DiskOpening.Run(PathOf(_disk.Main), new DiskOpeningOptions { Snapshot = _disk.Snapshot }, cancellation: _run.Cancellation);
            length = stream.Length;
            byte[] all = new byte[Math.Min(length, MaxRead)];
            stream.ReadExactly(all);
            bytes = all;
        });
        return (bytes, length, length > MaxRead, refusal?.Message);
    }

    // A file that was only truncated, or only grew, reads as before or is refused.
    private void CheckCut(string operation, byte[]? read)
    {
        if (read is null)
        {
            if (!IsChanged)
            {
                _run.Findings.Count($"{_disk.Name} is not read at all");
            }

            return;
        }

        if (!_isOnlyCut)
        {
            return;
        }

        if (read.Length != _disk.Contents.Length)
        {
            Broken(operation, "a truncated file has a different size", $"{read.Length}");
            return;
        }

        int different = 0;
        int first = -1;
        for (int i = 0; i < read.Length; i++)
        {
            if (read[i] != _disk.Contents[i])
            {
                first = first < 0 ? i : first;
                different += read[i] == 0 ? 1 : 512;
            }
        }

        // If less than a sector is missing, it reads as zeroes.
        if (different > 0 && (_cutBy >= 512 || different > _cutBy))
        {
            Broken(operation, "a truncated file reads differently", $"byte {first} is {read[first]:x2} instead of {_disk.Contents[first]:x2}");
        }
    }

    private void ToQed(byte[]? expected)
    {
        QedException? refusal = Attempt("to QED", () => DiskConversion.Run(PathOf(_disk.Main), PathOf("result.qed"), new DiskConversionOptions { Snapshot = _disk.Snapshot, ClusterSize = 4096, TableSize = 1 }, cancellation: _run.Cancellation));
        Compare("to QED", refusal, expected, "result.qed");
    }

    // The contents below a QED overlay are copied into it.
    private void Overlay(byte[]? expected)
    {
        string overlay = PathOf("overlay.qed");
        QedException? refusal = Attempt("overlay", () =>
        {
            ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = _disk.Main, BackingFormat = QedBackingFormat.Probe, ClusterSize = 4096, TableSize = 1 });
            BackingFileChange.Run(overlay, new BackingFileChangeOptions { PreserveContent = true }, cancellation: _run.Cancellation);
        });
        Compare("preserve content over it", refusal, expected, "overlay.qed");
    }

    private void Compare(string operation, QedException? refusal, byte[]? expected, string name)
    {
        if (refusal is not null)
        {
            // A backing file is probed by its contents, which may show a different format than the file's name.
            if (expected is { Length: > 0 } && operation == "to QED")
            {
                Broken(operation, "is refused although reading is not", refusal.Message);
            }

            return;
        }

        (ReferenceQed? disk, string? why) = QedSnapshot.Of(_run.Folder).Open(name);
        if (disk is null || disk.FirstLost() is not null || expected is null)
        {
            if (expected is not null || operation == "to QED" || disk is null)
            {
                Broken(operation, "no valid result", why ?? "for contents that cannot be read");
            }

            return;
        }

        if (disk.Length != expected.Length || new ReferenceRaw(expected).Difference(disk, lostStaysLost: true) is not null)
        {
            Broken(operation, "differs from reading", $"{disk.Length}: {new ReferenceRaw(expected).Difference(disk, lostStaysLost: true)}");
        }
    }

    private void Compare(byte[]? expected)
    {
        File.WriteAllBytes(PathOf("sound.raw"), _disk.Contents);
        QedComparison? result = null;
        QedException? refusal = Attempt("compare", () => result = DiskComparison.Run(PathOf(_disk.Main), PathOf("sound.raw"), new DiskComparisonOptions { Snapshot = _disk.Snapshot, Strict = true }, cancellation: _run.Cancellation));
        if (refusal is null && expected is not null && result!.AreEqual != expected.AsSpan().SequenceEqual(_disk.Contents))
        {
            Broken("compare", "is wrong", $"{result.AreEqual}");
        }
        else if (refusal is null && expected is null && result!.AreEqual)
        {
            Broken("compare", "unreadable data compares as equal", string.Empty);
        }
    }

    private void CompareWithQemu(byte[] expected)
    {
        string format = Path.GetExtension(_disk.Main) switch { ".vhd" => "vpc", { } extension => extension[1..] };

        // QEMU resolves the name of a data file in its current folder, and reads a snapshot with the current size of the disk.
        string[] source = _files.ContainsKey("disk.data")
            ? ["--image-opts", $"driver={format},file.filename={PathOf(_disk.Main)},data-file.driver=file,data-file.filename={PathOf("disk.data")}"]
            : ["-f", format, PathOf(_disk.Main)];
        string[] snapshot = _disk.Snapshot is { } name ? ["-l", name] : [];
        (int code, _, _) = Qemu.Run("qemu-img", ["convert", "-O", "raw", .. snapshot, .. source, PathOf("qemu.raw")]);
        if (code != 0)
        {
            _run.Findings.Count("qemu-img refused");
            return;
        }

        _run.Findings.Count("qemu-img asked");
        byte[] read = ReadBeginning(PathOf("qemu.raw"));
        if (_disk.Snapshot is not null)
        {
            int common = Math.Min(read.Length, expected.Length);
            (read, expected) = (read[..common], expected[..common]);
        }

        if (read.Length != expected.Length)
        {
            Broken("qemu-img", "reads a different size", $"{read.Length}, not {expected.Length}");
        }
        else if (FirstDifference(read, expected) is { } at)
        {
            Broken("qemu-img", "reads different data", $"byte {at} is {read[at]:x2}, not {expected[at]:x2}");
        }
    }

    private string Cut(string name)
    {
        byte[] bytes = _files[name];
        int by = _random.Next(4) switch
        {
            0 => QedLayout.Pick(_random, 1, 8, 511, 512, 513, 1024, 4096),
            1 => _random.Next(1, Math.Min(bytes.Length, 200_000)),
            2 => 512 * _random.Next(1, (bytes.Length / 512) + 1),
            _ => bytes.Length - (_random.Next(bytes.Length) / 4096 * 4096),
        };
        _cutBy = Math.Min(by, bytes.Length);
        _files[name] = bytes[..(bytes.Length - _cutBy)];
        return $"cut by {_cutBy} of {bytes.Length}";
    }

    private string Mutate(string name)
    {
        _isOnlyCut = false;
        byte[] bytes = [.. _files[name]];
        _files[name] = bytes;
        int[] places = _disk.Places[name];
        int AnyWord(int size)
        {
            int sector = places.Length == 0 ? _random.Next(bytes.Length) : _random.Next(4) > 0 ? places[_random.Next(places.Length)] : places[_random.Next(Math.Min(places.Length, 4))];
            int at = sector + (_random.Next(512 / size) * size);
            return Math.Clamp(at, 0, Math.Max(0, bytes.Length - size));
        }

        switch (_random.Next(8))
        {
            case < 3:
                int flipped = AnyWord(1), bit = _random.Next(8);
                bytes[flipped] ^= (byte)(1 << bit);
                return $"bit {bit} of byte {flipped}";
            case < 5 when bytes.Length >= 8:
                int size = QedLayout.Pick(_random, 4, 8), from = AnyWord(size), to = AnyWord(size);
                bytes.AsSpan(from, size).ToArray().CopyTo(bytes, to);
                return $"{size} bytes at {to} from {from}";
            case 5 when bytes.Length >= 8:
                int word = AnyWord(4);
                uint value = QedLayout.Pick(_random, 0u, 1u, uint.MaxValue, (uint)bytes.Length, (uint)bytes.Length / 512, (uint)_random.Next());
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(word), _random.Next(2) == 0 ? value : BinaryPrimitives.ReverseEndianness(value));
                return $"{value} at {word}";
            case 6:
                int sector = AnyWord(512), other = AnyWord(512);
                bytes.AsSpan(other, Math.Min(512, bytes.Length - other)).ToArray().AsSpan(0, Math.Min(512, bytes.Length - Math.Max(sector, other))).CopyTo(bytes.AsSpan(sector));
                return $"sector at {sector} from {other}";
            default:
                byte[] longer = new byte[bytes.Length + QedLayout.Pick(_random, 1, 511, 512, 4096, 70_000)];
                bytes.CopyTo(longer, 0);
                QedLayout.Stamp(longer.AsSpan(bytes.Length), 7777, 1);
                _files[name] = longer;
                return $"grown by {longer.Length - bytes.Length}";
        }
    }

    private static byte[] ReadBeginning(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[Math.Min(file.Length, MaxRead)];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static int? FirstDifference(byte[] one, byte[] other)
    {
        int common = one.AsSpan().CommonPrefixLength(other);
        return common == one.Length && common == other.Length ? null : common;
    }

    private void Broken(string operation, string rule, string what) => _trial.Broken($"{_disk.Name}, {operation}: {rule}", what);

    private QedException? Attempt(string operation, Action action) => _run.Attempt(_trial, $"{operation} of other formats:", action);

    private string PathOf(string name) => Path.Combine(_run.Folder, name);
}
