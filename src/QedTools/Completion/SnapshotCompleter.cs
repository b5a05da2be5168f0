using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Disks;

namespace QedTools.Completion;

/// <summary>Completes the name of a snapshot from the file that is typed already. The id stands for one whose name another id or an earlier one has.</summary>
internal sealed class SnapshotCompleter : IArgumentCompleter
{
    private const int MaxOffered = 100;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        CompletionWord word = new(wordToComplete);
        bool isReference = string.Equals(parameterName, "ReferenceSnapshot", StringComparison.OrdinalIgnoreCase);
        string? path = isReference ? session.TextOf("ReferencePath") : session.TextOf("LiteralPath") ?? session.TextOf("Path");
        if (path is null || session.ToHost(path) is not { } host)
        {
            return [];
        }

        QedDiskFormat? format = Enum.TryParse(session.TextOf(isReference ? "ReferenceFormat" : "SourceFormat"), ignoreCase: true, out QedDiskFormat named) ? named : null;
        IReadOnlyList<DiskSnapshot> snapshots = DiskSource.SnapshotsOf(host, format, MaxOffered);
        return snapshots
            .Select(one => (Text: IsFoundByName(one, snapshots) ? one.Name : one.Id, Snapshot: one))
            .Where(one => one.Text.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
            .Select(one => new CompletionResult(
                word.Quote(one.Text), PrintableText.Of(one.Text), CompletionResultType.ParameterValue, Describe(one.Snapshot)));
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
