using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>The outcome of a simulation.</summary>
/// <param name="Events">The number of changes that the operation made.</param>
/// <param name="States">The number of states that were rebuilt.</param>
/// <param name="Checked">The number of distinct states among them, which were checked.</param>
/// <param name="Violation">The first violation found; null if there is none.</param>
internal sealed record CrashOutcome(int Events, int States, int Checked, string? Violation);

/// <summary>Runs a scenario, cuts the power at each of its steps, and checks what is left.</summary>
internal static class CrashSimulation
{
    /// <summary>Records a scenario.</summary>
    public static Recording Record(MemoryHost host, Scenario scenario)
    {
        scenario.Prepare(host);
        return host.Record(() => scenario.Act(host));
    }

    /// <summary>Checks the states that a power cut could have left during a recorded scenario.</summary>
    /// <param name="host">Receives the states one after the other.</param>
    /// <param name="scenario">Defines what must hold.</param>
    /// <param name="recording">What the scenario did.</param>
    /// <param name="seed">Chooses the samples.</param>
    /// <param name="samples">The number of random samples for each step.</param>
    public static CrashOutcome Run(MemoryHost host, Scenario scenario, Recording recording, int seed, int samples)
    {
        HashSet<(int Phase, bool IsEnd, ulong Hash)> seen = [];
        int states = 0;
        int end = recording.Events.ToList().FindLastIndex(e => e.Kind is not HostEventKind.Close) + 1;
        foreach (CrashState state in PowerCut.StatesOf(recording, new Random(seed), samples))
        {
            states++;
            bool isEnd = state.Count >= end;
            if (!seen.Add((scenario.PhaseAt(state.Count), isEnd, HashOf(state.Files))))
            {
                continue;
            }

            host.Restore(state.Files);
            try
            {
                scenario.Verify(host, state, isEnd);
            }
            catch (Exception e)
            {
                string last = string.Join("; ", recording.Events.Take(state.Count).TakeLast(12));
                return new CrashOutcome(
                    recording.Events.Count,
                    states,
                    seen.Count,
                    $"{scenario.Name}, seed {seed}, after {state.Count} of {recording.Events.Count} changes ({last}), of which reached the disk since the last flush: {state.Description}: {e}");
            }
        }

        return new CrashOutcome(recording.Events.Count, states, seen.Count, Violation: null);
    }

    private static ulong HashOf(SortedDictionary<string, byte[]> files)
    {
        const ulong Prime = 0x9E3779B97F4A7C15;
        ulong hash = 1;
        foreach ((string name, byte[] contents) in files)
        {
            foreach (char c in name)
            {
                hash = (hash ^ c) * Prime;
            }

            hash = (hash ^ (ulong)contents.Length) * Prime;
            ReadOnlySpan<ulong> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(contents);
            foreach (ulong word in words)
            {
                hash = (System.Numerics.BitOperations.RotateLeft(hash, 23) ^ word) * Prime;
            }

            foreach (byte b in contents.AsSpan(words.Length * sizeof(ulong)))
            {
                hash = (hash ^ b) * Prime;
            }
        }

        return hash;
    }
}
