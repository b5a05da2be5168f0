using System;

namespace QedTools;

/// <summary>What somebody who follows an operation is told beside its progress, in words.</summary>
/// <remarks>All are called on any thread, also while files are locked: they take the line and return. They must not throw.</remarks>
public sealed class OperationTrace
{
    /// <summary>Is told what the user should know before he relies on the result, such as a format that was guessed; null if nobody wants to know.</summary>
    /// <remarks>The plan of an operation and the operation itself give the same warnings, word for word.</remarks>
    public Action<string>? Warning { get; init; }

    /// <summary>Is told what was decided, and why; null if nobody wants to know.</summary>
    public Action<string>? Decision { get; init; }

    /// <summary>Is told what is found and changed where in the files, with offsets; null if nobody wants to know.</summary>
    public Action<string>? Detail { get; init; }

    /// <summary>The same for files of which somebody was warned already.</summary>
    internal OperationTrace WithoutWarnings() => new() { Decision = Decision, Detail = Detail };

    /// <summary>The same for a first look at files that are opened again.</summary>
    internal OperationTrace WarningsOnly() => new() { Warning = Warning };

    /// <summary>Warns, if there is something to warn of.</summary>
    internal void Warn(string? warning)
    {
        if (warning is not null)
        {
            Warning?.Invoke(PrintableText.Of(warning));
        }
    }
}
