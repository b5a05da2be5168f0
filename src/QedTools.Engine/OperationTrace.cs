using System;

namespace QedTools;

/// <summary>What an operation reports in words, in addition to its progress.</summary>
/// <remarks>The callbacks can be called on any thread, also while files are locked: they should store the line and return. They must not throw.</remarks>
public sealed class OperationTrace
{
    /// <summary>Receives what the user should know before relying on the result, such as a format that was guessed; null if not wanted.</summary>
    /// <remarks>The plan of an operation and the operation itself give the same warnings, word for word.</remarks>
    public Action<string>? Warning { get; init; }

    /// <summary>
    /// Receives, instead of <see cref="Warning"/>, doubts about a file whose format the operation can be given. The receiver knows how that is done
    /// and words the warning. If null, <see cref="Warning"/> receives the doubts.
    /// </summary>
    public Action<QedFormatDoubt>? FormatDoubt { get; init; }

    /// <summary>
    /// Receives, instead of <see cref="Warning"/>, warnings that something can be done about, and what helps: the receiver words it. If null,
    /// <see cref="Warning"/> receives the text alone.
    /// </summary>
    public Action<string, QedRemedy>? RemediableWarning { get; init; }

    /// <summary>Receives what was decided, and why; null if not wanted.</summary>
    public Action<string>? Decision { get; init; }

    /// <summary>Receives what is found and changed where in the files, with offsets; null if not wanted.</summary>
    public Action<string>? Detail { get; init; }

    /// <summary>Whether anybody receives warnings.</summary>
    internal bool Warns => Warning is not null || RemediableWarning is not null;

    /// <summary>A copy without warnings, for files that the user has already been warned about.</summary>
    internal OperationTrace WithoutWarnings() => new() { Decision = Decision, Detail = Detail };

    /// <summary>A copy with warnings only, for a first look at files that are opened again later.</summary>
    internal OperationTrace WarningsOnly() => new() { Warning = Warning, FormatDoubt = FormatDoubt, RemediableWarning = RemediableWarning };

    /// <summary>Reports a warning, if there is one.</summary>
    internal void Warn(string? warning)
    {
        if (warning is not null)
        {
            Warning?.Invoke(PrintableText.Of(warning));
        }
    }

    /// <summary>Reports a warning that something can be done about.</summary>
    /// <param name="warning">The warning.</param>
    /// <param name="remedy">What helps.</param>
    internal void Warn(string warning, QedRemedy remedy)
    {
        if (RemediableWarning is not null)
        {
            RemediableWarning(PrintableText.Of(warning), remedy);
        }
        else
        {
            Warn(warning);
        }
    }

    /// <summary>Reports a doubt about a format, if there is one.</summary>
    /// <param name="doubt">The doubt; null if there is none.</param>
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
