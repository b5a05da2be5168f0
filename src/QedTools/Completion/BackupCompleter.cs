using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the name of a repair's backup: only those of the image if that is already typed.</summary>
internal sealed class BackupCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        string image = Path.GetFileName(session.TextOf("Path") ?? session.TextOf("LiteralPath") ?? string.Empty);
        return PathCompletion.Complete(
            new CompletionWord(wordToComplete),
            session,
            session.CurrentFolder,
            isPattern: false,
            path => path.EndsWith(ImageRepair.BackupExtension, StringComparison.OrdinalIgnoreCase)
                && Path.GetFileName(path).StartsWith(image, StringComparison.OrdinalIgnoreCase),
            _ => false);
    }
}
