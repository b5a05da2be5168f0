using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the name of an image: only QED images where a cmdlet accepts nothing else, otherwise disks of all formats.</summary>
internal abstract class ImageCompleter : IArgumentCompleter
{
    private static readonly string[] CommandsForQedOnly =
        ["New-QedImage", "Test-QedImage", "Repair-QedImage", "Resize-QedImage", "Merge-QedImage", "Optimize-QedImage", "Set-QedBackingFile"];

    private protected ImageCompleter()
    {
    }

    /// <summary>Whether the parameter accepts wildcards.</summary>
    private protected virtual bool IsPattern => false;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        bool acceptsAll = TakesAllFormats(commandName);
        string folder = FolderOfRelativeNames(session);
        CompletionWord word = new(wordToComplete);
        return PathCompletion.Complete(
            word with { Text = Expand(word.Text, session, folder) },
            session,
            folder,
            IsPattern,
            path => IsWanted(DiskSource.FormatOfExtension(path)),
            path => IsWanted(DiskSource.FormatOfContents(path)));

        bool IsWanted(QedDiskFormat? format) => acceptsAll ? format is not null : format == QedDiskFormat.Qed;
    }

    /// <summary>The folder that relative names are relative to.</summary>
    private protected virtual string FolderOfRelativeNames(CompletionSession session) => session.CurrentFolder;

    /// <summary>Expands the beginning of a name to the form in which it is to be typed.</summary>
    /// <param name="typed">The text typed so far.</param>
    /// <param name="session">The session.</param>
    /// <param name="folder">The folder that relative names are relative to.</param>
    private protected virtual string Expand(string typed, CompletionSession session, string folder) => typed;

    /// <summary>Whether the cmdlet accepts files other than QED images.</summary>
    private protected virtual bool TakesAllFormats(string commandName) =>
        !Array.Exists(CommandsForQedOnly, name => commandName.EndsWith(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The folder of the file that a parameter names, or the folder that it names itself; null if it is not typed yet.</summary>
    private protected static string? FolderNamedBy(CompletionSession session, string parameter) =>
        session.TextOf(parameter) is { Length: > 0 } typed && session.ToHost(typed) is { } path
            ? Directory.Exists(path) ? path : Path.GetDirectoryName(path)
            : null;
}
