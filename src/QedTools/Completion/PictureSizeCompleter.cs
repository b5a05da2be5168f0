using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the width or height of a picture, for a file or for the terminal.</summary>
internal sealed class PictureSizeCompleter : IArgumentCompleter
{
    private static readonly int[] Rows = [8, 16, 24, 32, 48];
    private static readonly int[] Columns = [80, 100, 120, 160];
    private static readonly int[] Pixels = [800, 1200, 1600, 2400];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string start = new CompletionWord(wordToComplete).Text;
        (int[] sizes, string unit) = parameterName.Equals("Height", StringComparison.OrdinalIgnoreCase) ? (Rows, "rows of cells")
            : fakeBoundParameters.Contains("OutFile") ? (Pixels, "pixels")
            : (Columns, "columns");
        return sizes
            .Select(size => size.ToString(CultureInfo.InvariantCulture))
            .Where(text => text.StartsWith(start, StringComparison.Ordinal))
            .Select(text => new CompletionResult(text, text, CompletionResultType.ParameterValue, $"{text} {unit}"));
    }
}
