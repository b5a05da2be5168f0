using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using QedTools.Tests.Support;

namespace QedTools.Tests.Independent;

/// <summary>One run of the fuzzer: the number of images, the first seed, the folder, and the findings.</summary>
/// <remarks>
/// Runs QEDTOOLS_FUZZ_COUNT images (or the small count of the ordinary tests), starting with QEDTOOLS_SEED. QEDTOOLS_FUZZ_INDEX runs a
/// single one again, QEDTOOLS_FUZZ_SECONDS ends a run early, and QEDTOOLS_FUZZ_KEEP names a folder for the files of those that broke a
/// rule. QEDTOOLS_FUZZ_KIND selects the disks of other formats whose names contain one of its words, which are separated by semicolons.
/// Time and memory are measured only in long runs: in ordinary ones, other tests run at the same time.
/// </remarks>
internal sealed class FuzzRun : IDisposable
{
    private const long MaxBytes = 256L << 20;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    private readonly string? _keep = Environment.GetEnvironmentVariable("QEDTOOLS_FUZZ_KEEP");
    private readonly bool _isMeasured;

    public FuzzRun(int count)
    {
        _isMeasured = Number("QEDTOOLS_FUZZ_COUNT") is not null;
        Count = Number("QEDTOOLS_FUZZ_COUNT") ?? count;
        Seed = Seeds.One;
        Only = Number("QEDTOOLS_FUZZ_INDEX");
        Folder = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), "qedtools-fuzz-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Folder);
    }

    public int Count { get; }

    public int Seed { get; }

    public int? Only { get; }

    public string Folder { get; }

    public Findings Findings { get; } = new();

    /// <summary>Cancels an operation that does not end.</summary>
    public CancellationToken Cancellation { get; private set; }

    /// <summary>Whether a kind of disk should be tested.</summary>
    public static bool IsWanted(string kind) => Environment.GetEnvironmentVariable("QEDTOOLS_FUZZ_KIND") is not { Length: > 0 } wanted
        || Array.Exists(wanted.Split(';'), word => kind.Contains(word, StringComparison.Ordinal));

    /// <summary>Tests images one after the other.</summary>
    /// <param name="prefix">Names the kind of images in the report.</param>
    /// <param name="trial">Tests one image; its story is reported with any broken rule.</param>
    public void Run(string prefix, Action<Random, FuzzTrial> trial)
    {
        Stopwatch watch = Stopwatch.StartNew();
        int? seconds = Number("QEDTOOLS_FUZZ_SECONDS");
        for (int index = Only ?? 0; index < (Only + 1 ?? Count); index++)
        {
            if (watch.Elapsed.TotalSeconds > seconds)
            {
                break;
            }

            using CancellationTokenSource hang = new(Patience.Limit);
            Cancellation = hang.Token;
            FuzzTrial one = new(this, $"{prefix}, seed {Seed}, index {index}", _keep is null ? null : Path.Combine(_keep, $"{prefix}-{Seed}-{index}"));
            long allocated = GC.GetTotalAllocatedBytes();
            TimeSpan worked = Worked();
            trial(new Random(unchecked((Seed * 7919) + (index * 104729))), one);
            allocated = GC.GetTotalAllocatedBytes() - allocated;
            Findings.Count($"{prefix}: images");
            if (_isMeasured)
            {
                Findings.Highest($"{prefix}: most ms for all operations on one", (long)(Worked() - worked).TotalMilliseconds);
                Findings.Highest($"{prefix}: most KiB allocated by all operations on one", allocated >> 10);
            }
        }
    }

    /// <summary>Runs an operation. Returns null if it succeeded, or the error with which it was refused.</summary>
    public QedException? Attempt(FuzzTrial trial, string operation, Action action)
    {
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan worked = Worked();
        try
        {
            action();
            Findings.Count($"{operation} done");
            return null;
        }
        catch (QedException refusal)
        {
            Findings.Count($"{operation} refused");
            return refusal;
        }
        catch (OperationCanceledException)
        {
            trial.Broken($"{operation}: does not end", string.Empty);
            throw;
        }
        finally
        {
            if (_isMeasured && Worked() - worked > MaxTime)
            {
                trial.Broken($"{operation}: slow", $"{(Worked() - worked).TotalMilliseconds} ms");
            }

            if (_isMeasured && GC.GetTotalAllocatedBytes() - allocated > MaxBytes)
            {
                trial.Broken($"{operation}: takes much memory", $"{(GC.GetTotalAllocatedBytes() - allocated) >> 20} MiB");
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // Processor time, because the machine may be busy with other things.
    private TimeSpan Worked()
    {
        if (!_isMeasured)
        {
            return TimeSpan.Zero;
        }

        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}

/// <summary>One image of a run: how it was damaged, and the rules that it broke.</summary>
internal sealed class FuzzTrial(FuzzRun run, string name, string? keep)
{
    private readonly HashSet<string> _rules = [];
    private bool _isKept;

    /// <summary>How the image was made and damaged.</summary>
    public string Story { get; set; } = string.Empty;

    /// <summary>Writes the image's files to a folder.</summary>
    public Action<string> Keep { get; set; } = _ => { };

    public void Broken(string rule, string what)
    {
        if (_rules.Add(rule) && run.Findings.Broken(rule, $"{name}: {Story}: {what}") && keep is not null && !_isKept)
        {
            _isKept = true;
            Directory.CreateDirectory(keep);
            Keep(keep);
        }
    }
}
