using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes an offset or a length: offers round values, or the unit for a number that is already typed.</summary>
internal sealed class OffsetCompleter : IArgumentCompleter
{
    private static readonly string[] Round = ["64KB", "1MB", "16MB", "256MB", "1GB", "16GB"];
    private static readonly string[] Units = ["KB", "MB", "GB", "TB"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string start = new CompletionWord(wordToComplete).Text;
        IEnumerable<string> texts = Round.Where(text => text.StartsWith(start, StringComparison.OrdinalIgnoreCase));
        if (int.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            texts = Units.Select(unit => start + unit).Union(texts);
        }

        return texts.Select(text => new CompletionResult(
            text, text, CompletionResultType.ParameterValue, $"{LanguagePrimitives.ConvertTo<long>(text)} bytes"));
    }
}
