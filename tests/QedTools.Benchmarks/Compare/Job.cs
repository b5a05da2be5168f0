using System;

namespace QedTools.Benchmarks.Compare;

/// <summary>One thing that both programs do. Each action returns its answer, so that the answers can be compared.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Target">What the ratio ours to qemu-img may be at most.</param>
/// <param name="Ours">Does it with the cmdlets.</param>
/// <param name="Theirs">Does it with qemu-img.</param>
internal sealed record Job(string Name, double Target, Func<string> Ours, Func<string> Theirs)
{
    /// <summary>Does it with cp --sparse; null where that does not fit.</summary>
    public Func<string>? Copy { get; init; }

    /// <summary>Runs before both programs' turns, not timed: takes away what the last round left.</summary>
    public Action BeforeRound { get; init; } = () => { };

    /// <summary>Runs before each of the actions, not timed.</summary>
    public Action Before { get; init; } = () => { };

    /// <summary>Whether the two answers agree.</summary>
    public Func<string, string, bool> Agree { get; init; } = (ours, theirs) => ours == theirs;

    /// <summary>How much each program writes at most, in bytes: so much free memory is touched before it runs.</summary>
    public long BytesWritten { get; init; }

    /// <summary>How many times more work theirs is than ours, for jobs that would take qemu-img too long.</summary>
    public double TheirShare { get; init; } = 1;
}
