using System;
using System.Collections.Generic;

namespace QedTools.Tests.Reliability;

/// <summary>An operation, and what must hold whenever the power fails while it runs.</summary>
internal abstract class Scenario
{
    /// <summary>The image that the operation works on.</summary>
    protected const string Top = "top.qed";

    /// <summary>The name used in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Creates the files that it starts with.</summary>
    public abstract void Prepare(MemoryHost host);

    /// <summary>The operation; its files are recorded. It may be run again on the same files.</summary>
    public abstract void Act(MemoryHost host);

    /// <summary>Checks everything that must hold; an exception reports a violation.</summary>
    /// <param name="host">Holds the state; may be changed.</param>
    /// <param name="state">The same state, for restoring it.</param>
    /// <param name="isEnd">Whether the operation had finished, so that everything it promises must be there.</param>
    public abstract void Verify(MemoryHost host, CrashState state, bool isEnd);

    /// <summary>Checks everything that must hold after a call on a file failed; an exception reports a violation.</summary>
    /// <param name="host">Holds what the operation left behind; may be changed.</param>
    /// <param name="state">The same, for restoring it.</param>
    /// <param name="before">The files before the operation.</param>
    /// <param name="isReported">Whether it failed with an error; otherwise it did everything requested.</param>
    /// <param name="canUndo">Whether the files could be written to again after the failed call.</param>
    public virtual void VerifyFailed(
        MemoryHost host, CrashState state, IReadOnlyDictionary<string, byte[]> before, bool isReported, bool canUndo) =>
        Verify(host, state, isEnd: !isReported);

    /// <summary>
    /// A number that changes whenever the requirements change: while it stays the same, the same files need not be checked again.
    /// </summary>
    /// <param name="count">The number of events so far.</param>
    public virtual int PhaseAt(int count) => 0;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Something happened that must not happen in a crash.</summary>
internal sealed class ViolationException(string message) : Exception(message);
