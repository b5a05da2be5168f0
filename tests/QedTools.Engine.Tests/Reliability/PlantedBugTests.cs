using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>
/// The simulator finds the bugs that it exists for: for each ordering rule of the design's section 3, it reports a violation
/// when the flushes of that rule, and only those, are left out.
/// </summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const string Top = "top.qed";

    private static readonly WriteRole[] Any = [];

    private static readonly Rule[] Rules =
    [
        new(
            "the need-check bit is on the disk before the first allocation",
            () => new WriteScenario(Below.Nothing, tableSize: 1, seed: 1, steps: 40),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.NeedCheckSet], Any)),
        new(
            "data is on the disk before the L2 entry that exposes it, over a backing file",
            () => new WriteScenario(Below.Raw, tableSize: 1, seed: 1, steps: 40),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Data, WriteRole.Growth], [WriteRole.L2])),
        new(
            "L2 tables are on the disk before the L1 entries that refer to them",
            () => new WriteScenario(Below.Nothing, tableSize: 1, seed: 3, steps: 40),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L2, WriteRole.Growth], [WriteRole.L1])),
        new(
            "tables are on the disk when a flush returns",
            () => new WriteScenario(Below.Nothing, tableSize: 1, seed: 1, steps: 40),
            r => [.. WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L1, WriteRole.L2], [WriteRole.Data])]),
        new(
            "data written in place is on the disk when a flush returns",
            () => new WriteScenario(Below.Qed, tableSize: 2, seed: 2, steps: 120),
            r => [.. WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Data], [WriteRole.Data])]),
        new(
            "everything is on the disk before the need-check bit is cleared",
            () => new WriteScenario(Below.Nothing, tableSize: 1, seed: 1, steps: 40),
            r => WriteRoles.Of(r, Top).FlushesBetween(Any, [WriteRole.NeedCheckCleared])),
        new(
            "the cleared need-check bit is on the disk when the image is closed",
            () => new WriteScenario(Below.Nothing, tableSize: 1, seed: 1, steps: 40),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.NeedCheckCleared], Any)),
        new(
            "a backing file's name is on the disk before the header that refers to it",
            () => new RenameBackingScenario(8, 1000),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Name], [WriteRole.Header])),
        new(
            "the header that names a backing file is on the disk when that is reported",
            () => new RenameBackingScenario(8, 1000),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Header], Any)),
        new(
            "data copied into the image is on the disk before its header names another backing file",
            () => new RebaseScenario(removes: false),
            r => WriteRoles.Of(r, Top).FlushesBetween(Any, [WriteRole.NeedCheckCleared, WriteRole.Header])),
        new(
            "data that a larger size would expose is zeroed on the disk before the header has that size",
            () => new ResizeScenario(Below.Raw, from: (1 << 20) + 1536, to: 3 << 20),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L1, WriteRole.L2], [WriteRole.Header])),
        new(
            "a new file is on the disk before it gets its name",
            () => new CreateScenario(replaces: false),
            r => [.. r.Flushes]),
        new(
            "a converted file is on the disk before it gets its name",
            () => new ConvertScenario("result.raw", isOverlay: false, replaces: true),
            r => [.. r.Flushes]),
        new(
            "the backing file is on the disk before a merged overlay is emptied (raw)",
            () => new MergeScenario(Below.Raw, keeps: false),
            r => [.. r.Flushes.Where(flush => r.Events[flush].Name == "base.raw")]),
        new(
            "the backing file is on the disk before a merged overlay is emptied (QED)",
            () => new MergeScenario(Below.Qed, keeps: false),
            r => [.. r.Flushes.Where(flush => r.Events[flush].Name == "base.qed")]),
        new(
            "a moved cluster is on the disk before an entry refers to it",
            () => new OptimizeScenario(fixture: null, Below.Raw, tableSize: 4),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Data], [WriteRole.L2])),
        new(
            "a moved table is on the disk before an entry refers to it",
            () => new OptimizeScenario(fixture: null, Below.Nothing, tableSize: 1),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L2, WriteRole.Data], [WriteRole.L1])),
        new(
            "no entry refers to the end of a file before it is truncated",
            () => new OptimizeScenario(fixture: null, Below.Nothing, tableSize: 4),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L1, WriteRole.L2], [WriteRole.Truncation])),
        new(
            "no entry refers to a cluster before it is overwritten",
            () => new OptimizeScenario(fixture: null, Below.Nothing, tableSize: 4),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.L1, WriteRole.L2], [WriteRole.Data, WriteRole.L2])),
        new(
            "a repair's copy of data is on the disk before an entry refers to it",
            () => new RepairScenario("damaged/double-one-table.qed", withBackup: false),
            r => WriteRoles.Of(r, Top).FlushesBetween([WriteRole.Data, WriteRole.Growth], [WriteRole.L2])),
        new(
            "a repair's backup is on the disk before the saved data is changed",
            () => new RepairScenario("damaged/several.qed", withBackup: true),
            r => [.. r.Flushes.Where(flush => r.Events[flush].Name.EndsWith(".qedundo", StringComparison.Ordinal))]),
    ];

    public static TheoryData<string> Names => [.. Rules.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulator_finds_a_broken_ordering_rule(string name)
    {
        using MemoryHost host = new();
        Rule rule = Rules.Single(r => r.Name == name);
        Scenario scenario = rule.Scenario();
        Recording recording = CrashSimulation.Record(host, scenario);
        int[] flushes = rule.Flushes(recording);
        Assert.NotEmpty(flushes);

        CrashOutcome outcome = CrashSimulation.Run(host, scenario, recording.Without(flushes), Seeds.One, samples: 8);

        string leftOut = string.Format(
            CultureInfo.InvariantCulture, "{0} of {1} flushes left out of '{2}'", flushes.Length, recording.Flushes.Count(), scenario.Name);
        Assert.True(outcome.Violation is not null, $"{leftOut}: nothing found in {outcome.States} states ({outcome.Checked} distinct).");
        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture, "{0}: {1}, found in crash state {2}: {3}", name, leftOut, outcome.States, FirstLine(outcome.Violation)));
    }

    /// <summary>
    /// Leaves out each single flush of some operations in turn: how many of these the simulator misses is a measurement, not a promise.
    /// </summary>
    [Fact]
    public void Leaving_out_a_single_flush_is_found_more_often_than_not()
    {
        int found = 0;
        List<string> missed = [];
        foreach (Func<Scenario> make in new Func<Scenario>[]
        {
            () => new WriteScenario(Below.Raw, tableSize: 1, seed: 1, steps: 12),
            () => new RebaseScenario(removes: false),
            () => new MergeScenario(Below.Raw, keeps: false),
            () => new OptimizeScenario(fixture: null, Below.Raw, tableSize: 4),
        })
        {
            using MemoryHost host = new();
            Scenario scenario = make();
            Recording recording = CrashSimulation.Record(host, scenario);
            foreach (int flush in recording.Flushes)
            {
                if (CrashSimulation.Run(host, scenario, recording.Without([flush]), Seeds.One, samples: 2).Violation is not null)
                {
                    found++;
                }
                else
                {
                    missed.Add($"{scenario.Name}: {string.Join("; ", recording.Events.Take(flush + 2).TakeLast(3))}");
                }
            }
        }

        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "single flushes left out: {0} found, {1} without consequences:\n{2}",
            found,
            missed.Count,
            string.Join('\n', missed)));
        Assert.True(found > missed.Count, $"{found} found, {missed.Count} missed");
    }

    private static string FirstLine(string text) => text[(text.LastIndexOf("Exception: ", StringComparison.Ordinal) + 1)..].Split('\n')[0];

    private sealed record Rule(string Name, Func<Scenario> Scenario, Func<Recording, int[]> Flushes);
}
