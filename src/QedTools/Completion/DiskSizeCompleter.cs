using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Sessions;

namespace QedTools.Completion;

/// <summary>Completes a disk's size: usual ones, or the unit of a number that is typed already.</summary>
internal sealed class DiskSizeCompleter : IArgumentCompleter
{
    private static readonly string[] Usual = ["1GB", "2GB", "4GB", "8GB", "16GB", "20GB", "32GB", "40GB", "64GB", "100GB", "128GB", "256GB", "512GB", "1TB", "2TB"];
    private static readonly string[] Units = ["GB", "MB", "TB"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string start = new CompletionWord(wordToComplete).Text;
        string now = PresentSize(CompletionSession.OfThisThread(fakeBoundParameters)) is { } present ? Messages.SizeNow(present) : string.Empty;
        IEnumerable<string> texts = Usual.Where(text => text.StartsWith(start, StringComparison.OrdinalIgnoreCase));
        if (start.Length > 0 && int.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            texts = Units.Select(unit => start + unit).Union(texts);
        }

        return texts.Select(text => new CompletionResult(text, text, CompletionResultType.ParameterValue, Messages.DiskOfSize(LanguagePrimitives.ConvertTo<long>(text)) + now));
    }

    private static long? PresentSize(CompletionSession session)
    {
        try
        {
            return (session.TextOf("Path") ?? session.TextOf("LiteralPath")) is { Length: > 0 } typed && session.ToHost(typed) is { } path
                ? ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize
                : null;
        }
        catch (QedException)
        {
            return null;
        }
    }
}
