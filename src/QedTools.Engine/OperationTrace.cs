using System;

namespace QedTools;

/// <summary>What somebody who follows an operation is told beside its progress, in words.</summary>
/// <remarks>All are called on any thread, also while files are locked: they take the line and return. They must not throw.</remarks>
public sealed class OperationTrace
{
    /// <summary>Is told what the user should know before he relies on the result, such as a format that was guessed; null if nobody wants to know.</summary>
    /// <remarks>The plan of an operation and the operation itself give the same warnings, word for word.</remarks>
    public Action<string>? Warning { get; init; }

    /// <summary>
    /// Is told instead of <see cref="Warning"/> of a file whose format the operation can be given, for who knows how that is done to word it; null:
    /// <see cref="Warning"/> is told.
    /// </summary>
    public Action<QedFormatDoubt>? FormatDoubt { get; init; }

    /// <summary>Is told what was decided, and why; null if nobody wants to know.</summary>
    public Action<string>? Decision { get; init; }

    /// <summary>Is told what is found and changed where in the files, with offsets; null if nobody wants to know.</summary>
    public Action<string>? Detail { get; init; }

    /// <summary>The same for files of which somebody was warned already.</summary>
    internal OperationTrace WithoutWarnings() => new() { Decision = Decision, Detail = Detail };

    /// <summary>The same for a first look at files that are opened again.</summary>
    internal OperationTrace WarningsOnly() => new() { Warning = Warning, FormatDoubt = FormatDoubt };

    /// <summary>Warns, if there is something to warn of.</summary>
    internal void Warn(string? warning)
    {
        if (warning is not null)
        {
            Warning?.Invoke(PrintableText.Of(warning));
        }
    }

    /// <summary>Warns of a format that was not certain, if it was not.</summary>
    /// <param name="doubt">What is not certain; null if all is.</param>
    /// <param name="option">The option of the operation that would name the format; null if it has none.</param>
    internal void Warn(QedFormatDoubt? doubt, string? option)
    {
        if (doubt is not null && option is not null && FormatDoubt is not null)
        {
            FormatDoubt(doubt with { FormatOption = option });
        }
        else if (doubt is not null)
        {
            Warn($"{doubt.Facts} {doubt.Remedy}".TrimEnd());
        }
    }
}
