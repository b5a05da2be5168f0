using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the name of an image: QED images where a cmdlet takes nothing else, else disks of all formats.</summary>
internal abstract class ImageCompleter : IArgumentCompleter
{
    private static readonly string[] CommandsForAllFormats = ["Convert-QedImage", "Compare-QedImage", "Open-QedImage"];

    private protected ImageCompleter()
    {
    }

    /// <summary>Whether the parameter takes wildcards.</summary>
    private protected virtual bool IsPattern => false;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        bool takesAll = TakesAllFormats(commandName);
        string folder = FolderOfRelativeNames(session);
        CompletionWord word = new(wordToComplete);
        return PathCompletion.Complete(
            word with { Text = Expand(word.Text, session, folder) },
            session,
            folder,
            IsPattern,
            path => IsWanted(DiskSource.FormatOfExtension(path)),
            path => IsWanted(DiskSource.FormatOfContents(path)));

        bool IsWanted(QedDiskFormat? format) => takesAll ? format is not null : format == QedDiskFormat.Qed;
    }

    /// <summary>Where a relative name begins.</summary>
    private protected virtual string FolderOfRelativeNames(CompletionSession session) => session.CurrentFolder;

    /// <summary>The beginning of a name as it is to stand there.</summary>
    /// <param name="typed">What is typed.</param>
    /// <param name="session">The session.</param>
    /// <param name="folder">Where a relative name begins.</param>
    private protected virtual string Expand(string typed, CompletionSession session, string folder) => typed;

    /// <summary>Whether other files than QED images can be meant.</summary>
    private protected virtual bool TakesAllFormats(string commandName) =>
        Array.Exists(CommandsForAllFormats, name => commandName.EndsWith(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The folder of the file that a parameter names, or the folder that it names; null if it is not typed yet.</summary>
    private protected static string? FolderNamedBy(CompletionSession session, string parameter) =>
        session.TextOf(parameter) is { Length: > 0 } typed && session.ToHost(typed) is { } path
            ? Directory.Exists(path) ? path : Path.GetDirectoryName(path)
            : null;
}
