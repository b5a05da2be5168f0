using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the name of a picture file.</summary>
internal sealed class PictureFileCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionSession session = CompletionSession.OfThisThread(fakeBoundParameters);
        return PathCompletion.Complete(
            new CompletionWord(wordToComplete),
            session,
            session.CurrentFolder,
            isPattern: false,
            path => path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase),
            _ => false);
    }
}
