using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>Runs all jobs with both programs in turn, compares the answers and prints the table.</summary>
internal static class Comparison
{
    /// <summary>Runs it.</summary>
    /// <param name="arguments">--runs N, --only TEXT (jobs whose name contains it), --small (an eighth of the sizes).</param>
    public static int Run(string[] arguments)
    {
        int runs = int.Parse(Option(arguments, "--runs") ?? "5", CultureInfo.InvariantCulture);
        string only = Option(arguments, "--only") ?? string.Empty;
        int scale = arguments.Contains("--small") ? 8 : 1;
        using Inputs inputs = new();
        using Session session = new();
        Console.WriteLine($"{Environment.ProcessorCount} processors, {Environment.OSVersion}, .NET {Environment.Version}, {Programs.Run("qemu-img", "--version").Split('\n')[0]}");
        Console.WriteLine($"sizes 1/{scale}, {runs} runs of each program in turn after one that is not counted; times are wall time in milliseconds");
        Console.WriteLine();
        Console.WriteLine("| job | ours | qemu-img | cp | ratio (median, min to max) | target | our peak over the bare session, MB | same answer |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        bool isFine = true;
        foreach (Func<Job> make in new Jobs(inputs, session, scale).All.Where(job => job.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).Select(job => job.Make))
        {
            isFine &= Measure(make(), runs);
        }

        return isFine ? 0 : 1;
    }

    private static bool Measure(Job job, int runs)
    {
        List<double> ours = [];
        List<double> theirs = [];
        List<double> copies = [];
        List<double> ratios = [];
        bool agree = true;
        long peak = 0;
        for (int run = 0; run <= runs; run++)
        {
            job.BeforeRound();
            Prepare(job);
            long bare = PeakMemory.Reset();
            (double our, string ourAnswer) = Time(job.Ours);
            peak = Math.Max(peak, PeakMemory.Read() - bare);
            Prepare(job);
            (double their, string theirAnswer) = Time(job.Theirs);
            their *= job.TheirShare;
            agree &= job.Agree(ourAnswer, theirAnswer);
            double copy = 0;
            if (job.Copy is { } copyJob)
            {
                Prepare(job);
                copy = Time(copyJob).Milliseconds;
            }

            if (run > 0)
            {
                ours.Add(our);
                theirs.Add(their);
                copies.Add(copy);
                ratios.Add(our / their);
            }
        }

        Console.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "| {0} | {1:0.0} | {2:0.0} | {3} | {4:0.000} ({5:0.000} to {6:0.000}) | {7:0.00} | {8:0.0} | {9} |",
            job.Name,
            Median(ours),
            Median(theirs),
            job.Copy is null ? "-" : Median(copies).ToString("0.0", CultureInfo.InvariantCulture),
            Median(ratios),
            ratios.Min(),
            ratios.Max(),
            job.Target,
            peak / 1048576.0,
            agree ? "yes" : "NO"));
        return agree;
    }

    // Everybody begins with nothing waiting to be written, which would slow down his writes, and with free memory that was in
    // use just now: the host of a virtual machine takes long unused memory back, and to get it again costs more than a copy.
    private static void Prepare(Job job)
    {
        job.Before();
        Programs.Run("sync");
        if (job.BytesWritten > 0)
        {
            Programs.Run("dd", "if=/dev/zero", "of=/dev/null", "status=none", "iflag=fullblock", "count=1", $"bs={job.BytesWritten}");
        }
    }

    private static (double Milliseconds, string Answer) Time(Func<string> action)
    {
        Stopwatch watch = Stopwatch.StartNew();
        string answer = action();
        return (watch.Elapsed.TotalMilliseconds, answer);
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static string? Option(string[] arguments, string name)
    {
        int index = Array.IndexOf(arguments, name);
        return index >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;
    }
}
