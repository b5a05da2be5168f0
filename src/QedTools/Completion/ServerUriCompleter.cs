using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Sessions;

namespace QedTools.Completion;

/// <summary>Completes the address of a server of this session.</summary>
internal sealed class ServerUriCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        return SessionServers.All()
            .Where(server => server.Uri.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
            .Select(server => new CompletionResult(word.Quote(server.Uri), server.Uri, CompletionResultType.ParameterValue, Messages.ServerTip(server)));
    }
}
