using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes one of the two sizes that make a geometry, and tells the largest disk that it allows with the other one.</summary>
internal abstract class GeometryCompleter : IArgumentCompleter
{
    private protected GeometryCompleter()
    {
    }

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        string start = new CompletionWord(wordToComplete).Text;
        long? wanted = session.NumberOf("SizeBytes");
        foreach ((string text, int clusterSize, int tableSize) in Candidates(session))
        {
            if (!text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            long most = new QedGeometry(clusterSize, tableSize).MaxVirtualSize;
            string tip = $"{Describe(clusterSize, tableSize)}: disks of up to {ByteSize.Format(most)}"
                + (wanted > most ? $", too small for {ByteSize.Format(wanted)}" : string.Empty);
            yield return new CompletionResult(text, text, CompletionResultType.ParameterValue, tip);
        }
    }

    /// <summary>What can be typed, and the geometry that it makes.</summary>
    private protected abstract IEnumerable<(string Text, int ClusterSize, int TableSize)> Candidates(CompletionSession session);

    private static string Describe(int clusterSize, int tableSize) => string.Format(
        CultureInfo.CurrentCulture,
        "Clusters of {0}, tables of {1} {2}{3}",
        ByteSize.Format(clusterSize),
        tableSize,
        tableSize == 1 ? "cluster" : "clusters",
        clusterSize == QedGeometry.DefaultClusterSize && tableSize == QedGeometry.DefaultTableSize ? " (the default)" : string.Empty);
}
