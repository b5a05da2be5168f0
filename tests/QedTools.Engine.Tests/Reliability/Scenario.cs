using System;
using System.Collections.Generic;

namespace QedTools.Tests.Reliability;

/// <summary>An operation, and what must hold whenever the power fails while it runs.</summary>
internal abstract class Scenario
{
    /// <summary>The image that the operation is about.</summary>
    protected const string Top = "top.qed";

    /// <summary>What it is called in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the files that it begins with.</summary>
    public abstract void Prepare(MemoryHost host);

    /// <summary>The operation; its files are recorded. It may be run again on the same files.</summary>
    public abstract void Act(MemoryHost host);

    /// <summary>Everything that must hold; what is thrown is the fault.</summary>
    /// <param name="host">Holds the state; may be changed.</param>
    /// <param name="state">The same state, for going back to it.</param>
    /// <param name="isEnd">Whether the operation had ended, so that all it promises must be there.</param>
    public abstract void Verify(MemoryHost host, CrashState state, bool isEnd);

    /// <summary>Everything that must hold after the operation failed for a call that failed; what is thrown is the fault.</summary>
    /// <param name="host">Holds what it left; may be changed.</param>
    /// <param name="state">The same, for going back to it.</param>
    /// <param name="before">The files before the operation.</param>
    /// <param name="isReported">Whether it ended with an error; else it has done all it was asked to.</param>
    /// <param name="canUndo">Whether the files could be written to again after the call that failed.</param>
    public virtual void VerifyFailed(
        MemoryHost host, CrashState state, IReadOnlyDictionary<string, byte[]> before, bool isReported, bool canUndo) =>
        Verify(host, state, isEnd: !isReported);

    /// <summary>A number that changes with what must hold: the same files need no second look while it stays.</summary>
    /// <param name="count">How many events had happened.</param>
    public virtual int PhaseAt(int count) => 0;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Something that a crash must not do has happened.</summary>
internal sealed class ViolationException(string message) : Exception(message);
