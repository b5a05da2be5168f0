using System;

namespace QedTools;

/// <summary>What somebody who follows an operation is told beside its progress, in words.</summary>
/// <remarks>Both are called on any thread, also while files are locked: they take the line and return. They must not throw.</remarks>
public sealed class OperationTrace
{
    /// <summary>Is told what was decided, and why; null if nobody wants to know.</summary>
    public Action<string>? Decision { get; init; }

    /// <summary>Is told what is found and changed where in the files, with offsets; null if nobody wants to know.</summary>
    public Action<string>? Detail { get; init; }
}
