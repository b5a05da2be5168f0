using System;

namespace QedTools.Benchmarks.Compare;

/// <summary>A job that both programs do. Each action returns its answer, so that the answers can be compared.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Target">The maximum ratio of our time to theirs.</param>
/// <param name="Ours">Does the job with the cmdlets.</param>
/// <param name="Theirs">Does the job with qemu-img.</param>
/// <param name="Agree">Whether the two answers, and the files that both have made, agree; not timed.</param>
internal sealed record Job(string Name, double Target, Func<string> Ours, Func<string> Theirs, Func<string, string, bool> Agree)
{
    /// <summary>Does the job with cp --sparse; null where cp cannot do it.</summary>
    public Func<string>? Copy { get; init; }

    /// <summary>Runs before both programs' turns, not timed: makes the files that each changes, removes those of the last round.</summary>
    public Action BeforeRound { get; init; } = () => { };

    /// <summary>The maximum that each program writes, in bytes: this much free memory is touched before it runs.</summary>
    public long BytesWritten { get; init; }

    /// <summary>The factor by which the whole job is larger than the part that qemu-img runs, for jobs that would take it too long.</summary>
    public double TheirShare { get; init; } = 1;

    /// <summary>The amount of work, in <see cref="Unit"/>.</summary>
    public long Units { get; init; }

    /// <summary>The unit in which the work is counted.</summary>
    public string Unit { get; init; } = string.Empty;
}
