using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Disks;

namespace QedTools.Completion;

/// <summary>
/// Completes the name of a snapshot of the file that is already typed. A snapshot whose name is empty, is also an id, or is also the name of
/// an earlier snapshot is offered by its id instead.
/// </summary>
internal sealed class SnapshotCompleter : IArgumentCompleter
{
    private const int MaxOffered = 100;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        CompletionWord word = new(wordToComplete);
        if (session.TypedImage(string.Equals(parameterName, "ReferenceSnapshot", StringComparison.OrdinalIgnoreCase)) is not { } image)
        {
            return [];
        }

        IReadOnlyList<DiskSnapshot> snapshots = DiskSource.SnapshotsOf(image.Path, image.Format, MaxOffered);
        return snapshots
            .Select(snapshot => (Text: IsFoundByName(snapshot, snapshots) ? snapshot.Name : snapshot.Id, Snapshot: snapshot))
            .Where(item => item.Text.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
            .Select(item => new CompletionResult(
                word.Quote(item.Text), PrintableText.Of(item.Text), CompletionResultType.ParameterValue, Describe(item.Snapshot)));
    }

    private static bool IsFoundByName(DiskSnapshot snapshot, IReadOnlyList<DiskSnapshot> all) =>
        snapshot.Name.Length > 0 && all.All(other => other.Id != snapshot.Name && (other.Name != snapshot.Name || other.Index >= snapshot.Index));

    private static string Describe(DiskSnapshot snapshot)
    {
        string size = snapshot.VirtualSize is { } bytes ? $", a disk of {ByteSize.Format(bytes)}" : string.Empty;
        return string.Format(
            CultureInfo.CurrentCulture,
            "Snapshot {0}, '{1}', of {2:g}{3}",
            PrintableText.Of(snapshot.Id),
            PrintableText.Of(snapshot.Name),
            snapshot.Taken.ToLocalTime(),
            size);
    }
}
