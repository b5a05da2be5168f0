using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>The words of Pester in a session: cmdlets, and aliases as a cmdlet's name must be Verb-Noun.</summary>
internal static class PesterWords
{
    /// <summary>Adds the words to a session, and the discovery they declare to.</summary>
    public static void AddTo(InitialSessionState state, Discovery discovery)
    {
        state.Variables.Add(new SessionStateVariableEntry(
            Discovery.VariableName, discovery, "What the words of Pester declare to.", ScopedItemOptions.Constant));

        Add<BlockCommand>("Add-PesterBlock", "Describe", "Context");
        Add<TestCommand>("Add-PesterTest", "It");
        Add<SetupCommand>(
            "Add-PesterSetup",
            nameof(SetupKind.BeforeAll),
            nameof(SetupKind.BeforeEach),
            nameof(SetupKind.AfterEach),
            nameof(SetupKind.AfterAll));
        Add<BeforeDiscoveryCommand>("Invoke-PesterDiscovery", "BeforeDiscovery");
        Add<ShouldCommand>("Assert-PesterValue", "Should");
        Add<SetItResultCommand>("Set-ItResult");

        void Add<TCommand>(string name, params string[] words)
        {
            state.Commands.Add(new SessionStateCmdletEntry(name, typeof(TCommand), null));
            foreach (string word in words)
            {
                state.Commands.Add(new SessionStateAliasEntry(word, name));
            }
        }
    }
}
