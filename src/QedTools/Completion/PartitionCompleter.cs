using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the number of a partition of the disk that is already typed.</summary>
internal sealed class PartitionCompleter : IArgumentCompleter
{
    private const int MaxOffered = 100;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        CompletionWord word = new(wordToComplete);
        if (session.TypedImage(string.Equals(parameterName, "ReferencePartition", StringComparison.OrdinalIgnoreCase)) is not { } image)
        {
            return [];
        }

        return DiskSource.PartitionsOf(image.Path, image.Format)
            .Select(partition => (Text: partition.Number.ToString(CultureInfo.InvariantCulture), Partition: partition))
            .Where(item => item.Text.StartsWith(word.Text, StringComparison.Ordinal))
            .Take(MaxOffered)
            .Select(item => new CompletionResult(item.Text, item.Text, CompletionResultType.ParameterValue, item.Partition.ToString()));
    }
}
