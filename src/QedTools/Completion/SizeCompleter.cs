using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Chains;

namespace QedTools.Completion;

/// <summary>Completes a size that has only a few possible values, and explains each of them.</summary>
internal abstract class SizeCompleter : IArgumentCompleter
{
    private const int Kilobyte = 1 << 10;
    private const int Megabyte = 1 << 20;

    private protected SizeCompleter()
    {
    }

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        string start = new CompletionWord(wordToComplete).Text;
        foreach ((string text, string tip) in Candidates(session))
        {
            if (text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(text, text, CompletionResultType.ParameterValue, tip);
            }
        }
    }

    /// <summary>The possible values, each with its tooltip.</summary>
    private protected abstract IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session);

    /// <summary>The format of the file to be created; null if the parameters typed so far do not tell.</summary>
    private protected static QedDiskFormat? FormatOf(CompletionSession session) =>
        session.TextOf("Format") is { } name ? Enum.TryParse(name, ignoreCase: true, out QedDiskFormat format) ? format : null
        : session.TextOf("DestinationPath") is { } path ? DiskFormats.OfExtension(path)?.Kind
        : null;

    /// <summary>The powers of two from one value up to another.</summary>
    private protected static IEnumerable<int> PowersOfTwo(int from, int to)
    {
        for (long size = from; size <= to; size *= 2)
        {
            yield return (int)size;
        }
    }

    /// <summary>A size as a PowerShell literal.</summary>
    private protected static string Literal(int bytes) =>
        bytes >= Megabyte ? string.Format(CultureInfo.InvariantCulture, "{0}MB", bytes / Megabyte)
        : bytes >= Kilobyte ? string.Format(CultureInfo.InvariantCulture, "{0}KB", bytes / Kilobyte)
        : bytes.ToString(CultureInfo.InvariantCulture);

    /// <summary>The text that marks a default value in a tooltip; empty for other values.</summary>
    private protected static string DefaultMark(bool isDefault) => isDefault ? " (the default)" : string.Empty;
}
