namespace QedTools.Completion;

/// <summary>Completes a backing file's name: a relative one begins in the folder of the image that is to name it.</summary>
internal sealed class BackingFileCompleter : ImageCompleter
{
    private protected override bool TakesAllFormats(string commandName) => true;

    private protected override string FolderOfRelativeNames(CompletionSession session) =>
        FolderNamedBy(session, "DestinationPath") ?? FolderNamedBy(session, "Path") ?? FolderNamedBy(session, "LiteralPath") ?? session.CurrentFolder;
}
