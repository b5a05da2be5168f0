using System.IO;

namespace QedTools.Completion;

/// <summary>Completes a backing file's name. A relative name is relative to the folder of the image that will store it.</summary>
internal sealed class BackingFileCompleter : ImageCompleter
{
    private protected override bool TakesAllFormats(string commandName) => true;

    private protected override string FolderOfRelativeNames(CompletionSession session) =>
        FolderNamedBy(session, "DestinationPath") ?? FolderNamedBy(session, "Path") ?? FolderNamedBy(session, "LiteralPath") ?? session.CurrentFolder;

    // An image stores the name as it is, and a tilde in a stored name does not mean the home folder.
    private protected override string Expand(string typed, CompletionSession session, string folder) =>
        typed.Length > 1 && typed[0] == '~' && (typed[1] is '/' or '\\') && !Directory.Exists(Path.Combine(folder, "~")) && session.ToHost("~") is { } home
            ? Path.Combine(home, typed.Substring(2))
            : typed;
}
