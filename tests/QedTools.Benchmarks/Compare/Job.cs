using System;

namespace QedTools.Benchmarks.Compare;

/// <summary>One thing that both programs do. Each action returns its answer, so that the answers can be compared.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Target">What the ratio ours to theirs may be at most.</param>
/// <param name="Ours">Does it with the cmdlets.</param>
/// <param name="Theirs">Does it with qemu-img.</param>
/// <param name="Agree">Whether the two answers, and the files that both have made, agree; not timed.</param>
internal sealed record Job(string Name, double Target, Func<string> Ours, Func<string> Theirs, Func<string, string, bool> Agree)
{
    /// <summary>Does it with cp --sparse; null where that does not fit.</summary>
    public Func<string>? Copy { get; init; }

    /// <summary>Runs before both programs' turns, not timed: makes what each changes and takes away what the last round left.</summary>
    public Action BeforeRound { get; init; } = () => { };

    /// <summary>How much each program writes at most, in bytes: so much free memory is touched before it runs.</summary>
    public long BytesWritten { get; init; }

    /// <summary>How many times more work theirs is than what is run of it, for jobs that would take qemu-img too long.</summary>
    public double TheirShare { get; init; } = 1;

    /// <summary>How much work it is, in <see cref="Unit"/>.</summary>
    public long Units { get; init; }

    /// <summary>What the work is counted in.</summary>
    public string Unit { get; init; } = string.Empty;
}
