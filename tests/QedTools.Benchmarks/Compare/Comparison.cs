using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>Runs all jobs with both programs in turn, compares the answers and prints the tables of docs/benchmarks.md.</summary>
internal static class Comparison
{
    private const long DiskNeeded = 30L << 30;
    private const long MemoryNeeded = 14L << 30;
    private const int SmallestShare = 64;
    private const int WarmMilliseconds = 1500;

    private const int Runs = 5;

    // With the smallest inputs the run is a test of the benchmark itself: a minute is enough.
    private const int SmokeWarmMilliseconds = 100;
    private const int SmokeRuns = 2;

    /// <summary>Runs the comparison.</summary>
    /// <param name="arguments">--runs N, --only TEXT (jobs whose name contains it), --share N (sizes divided by N).</param>
    /// <returns>0 if all answers agreed, 1 if not, 2 if there is no such job.</returns>
    public static int Run(string[] arguments)
    {
        string only = Option(arguments, "--only") ?? string.Empty;
        int share = Option(arguments, "--share") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : FittingShare();
        bool isSmoke = share >= SmallestShare;
        int warm = isSmoke ? SmokeWarmMilliseconds : WarmMilliseconds;
        int runs = Option(arguments, "--runs") is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : isSmoke ? SmokeRuns : Runs;
        using Session session = new();
        JobList jobs = new(session, share);
        (string, Func<Inputs, Job>)[] compared = [.. jobs.Compared.Where(IsAsked)];
        (string, IReadOnlyList<Func<Inputs, Job>>)[] growing = [.. jobs.Growing.Where(growth => IsAsked((growth.Name, null!)))];
        if (compared.Length == 0 && growing.Length == 0)
        {
            Console.Error.WriteLine($"No job's name contains '{only}'.");
            return 2;
        }

        foreach (string line in Machine.Describe())
        {
            Console.WriteLine($"- {line}");
        }

        Console.WriteLine($"- sizes: {(share == 1 ? "full" : $"1/{share} of full")}, in {Path.GetTempPath()}; {runs} runs of each program in turn, after warm-up runs that are not counted; answers compared in the first and the last round");
        bool agree = PrintComparison(compared, runs, warm);
        PrintGrowth(growing, runs, warm);
        if (only.Length == 0)
        {
            SessionStart.Print(session, runs);
        }

        return agree ? 0 : 1;

        bool IsAsked((string Name, Func<Inputs, Job> Make) job) => job.Name.Contains(only, StringComparison.OrdinalIgnoreCase);
    }

    private static bool PrintComparison(IReadOnlyList<(string Name, Func<Inputs, Job> Make)> jobs, int runs, int warm)
    {
        Console.WriteLine();
        Console.WriteLine("| job | ours, ms | qemu-img, ms | cp, ms | ratio of medians (from, to) | at most | peak, MB | same answer |");
        Console.WriteLine("| --- | ---: | ---: | ---: | --- | ---: | ---: | --- |");
        bool agree = true;
        foreach ((_, Func<Inputs, Job> make) in jobs)
        {
            using Inputs inputs = new();
            agree &= Compare(make(inputs), runs, warm);
        }

        return agree;
    }

    private static bool Compare(Job job, int runs, int warm)
    {
        long peak = 0;
        bool agree = Round(job, new Measurement(), new Measurement(), new Measurement(), ref peak, compares: true);
        WarmUp(job, warm);
        Measurement ours = new();
        Measurement theirs = new();
        Measurement copies = new();
        long uncounted = -1;
        for (int run = 0; run < runs; run++)
        {
            agree &= Round(job, ours, theirs, copies, ref uncounted, compares: run == runs - 1);
        }

        double[] ratios = [.. ours.Times.Zip(theirs.Times, (our, their) => our / their)];
        Console.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "| {0} | {1:0.0} | {2:0.0} | {3} | {4:0.000} ({5:0.000}, {6:0.000}) | {7:0.00#} | {8:0.0} | {9} |",
            job.Name,
            ours.Median,
            theirs.Median,
            job.Copy is null ? string.Empty : copies.Median.ToString("0.0", CultureInfo.InvariantCulture),
            ours.Median / theirs.Median,
            ratios.Min(),
            ratios.Max(),
            job.Target,
            peak / 1e6,
            agree ? "yes" : "NO"));
        return agree;
    }

    // A session is warm when the runtime has recompiled the hot code with optimizations, which it does after a number of calls.
    private static void WarmUp(Job job, int milliseconds)
    {
        Measurement ours = new();
        while (ours.Times.Sum() < milliseconds)
        {
            job.BeforeRound();
            ours.Time(job.Ours);
        }
    }

    // The peak is measured in the run that is not counted, because measuring it requires a garbage collection that slows the next run down.
    private static bool Round(Job job, Measurement ours, Measurement theirs, Measurement copies, ref long peak, bool compares)
    {
        job.BeforeRound();
        Measurement.LevelGround(job.BytesWritten);
        long bare = peak >= 0 ? PeakMemory.Reset() : 0;
        string ourAnswer = ours.Time(job.Ours);
        peak = peak >= 0 ? PeakMemory.Read() - bare : peak;
        Measurement.LevelGround(job.BytesWritten);
        string theirAnswer = theirs.Time(job.Theirs, job.TheirShare);
        if (job.Copy is { } copy)
        {
            Measurement.LevelGround(job.BytesWritten);
            copies.Time(copy);
        }

        return !compares || job.Agree(ourAnswer, theirAnswer);
    }

    private static void PrintGrowth(IReadOnlyList<(string Name, IReadOnlyList<Func<Inputs, Job>> Sizes)> jobs, int runs, int warm)
    {
        Console.WriteLine();
        Console.WriteLine("| ours alone | size | ms | ns for each | peak, MB |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach ((string name, IReadOnlyList<Func<Inputs, Job>> sizes) in jobs)
        {
            foreach (Func<Inputs, Job> make in sizes)
            {
                using Inputs inputs = new();
                Job job = make(inputs);
                job.BeforeRound();
                long bare = PeakMemory.Reset();
                job.Ours();
                long peak = PeakMemory.Read() - bare;
                WarmUp(job, warm);
                Measurement ours = new();
                for (int run = 0; run < runs; run++)
                {
                    job.BeforeRound();
                    Measurement.LevelGround(job.BytesWritten);
                    ours.Time(job.Ours);
                }

                Console.WriteLine(string.Format(
                    CultureInfo.InvariantCulture,
                    "| {0} | {1:#,0} {2} | {3:0.0} | {4:#,0.0} | {5:0.0} |",
                    name,
                    job.Units,
                    job.Unit,
                    ours.Median,
                    ours.Median * 1e6 / job.Units,
                    peak / 1e6));
            }
        }
    }

    // Everything must stay in the page cache, and three copies of the largest disk must fit on the file system at the same time.
    private static int FittingShare()
    {
        int share = 1;
        while (share < SmallestShare &&
            (new DriveInfo(Path.GetTempPath()).AvailableFreeSpace < DiskNeeded / share ||
                GC.GetGCMemoryInfo().TotalAvailableMemoryBytes < MemoryNeeded / share))
        {
            share *= 2;
        }

        return share;
    }

    private static string? Option(string[] arguments, string name)
    {
        int index = Array.IndexOf(arguments, name);
        return index >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;
    }
}
