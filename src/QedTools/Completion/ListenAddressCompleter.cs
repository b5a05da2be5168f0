using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Completion;

/// <summary>Completes the address that a server listens on: this computer alone, or all of its addresses.</summary>
internal sealed class ListenAddressCompleter : IArgumentCompleter
{
    private static readonly (string Address, string Tip)[] Addresses =
    [
        ("127.0.0.1", "programs on this computer (IPv4)"),
        ("::1", "programs on this computer (IPv6)"),
        ("0.0.0.0", "all addresses of this computer (IPv4)"),
        ("::", "all addresses of this computer (IPv6 and IPv4)"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string start = new CompletionWord(wordToComplete).Text;
        return Addresses
            .Where(item => item.Address.StartsWith(start, StringComparison.Ordinal))
            .Select(item => new CompletionResult(item.Address, item.Address, CompletionResultType.ParameterValue, item.Tip));
    }
}
