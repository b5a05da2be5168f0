using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>What the words that declare something have in common.</summary>
public abstract class PesterWord : PSCmdlet
{
    private protected ScriptScope Scope => new(SessionState, InvokeCommand);

    /// <summary>The discovery this word declares to.</summary>
    /// <exception cref="PesterException">It is over: the word stands in a test or a setup.</exception>
    private protected Discovery Discovery
    {
        get
        {
            Discovery discovery = (Discovery)SessionState.PSVariable.GetValue(Discovery.VariableName);
            return discovery.IsOver
                ? throw new PesterException($"{MyInvocation.InvocationName} cannot stand in a test or a setup.")
                : discovery;
        }
    }
}
