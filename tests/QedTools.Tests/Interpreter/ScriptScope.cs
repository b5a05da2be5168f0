using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.ExceptionServices;

namespace QedTools.Tests.Interpreter;

/// <summary>
/// Variable scopes of a session, opened and filled from C#. Pester's scoping is "a scope per block, in it a scope per
/// test, setups dot-sourced into them"; here each scope is a C# call that PowerShell makes from a new scope.
/// </summary>
/// <param name="session">The session's variables.</param>
/// <param name="invoke">The session's commands.</param>
internal sealed class ScriptScope(SessionState session, CommandInvocationIntrinsics invoke)
{
    // Only $args: a named variable would be visible to the tests.
    private static ScriptBlock CallBack => ScriptBlock.Create("$args[0].Invoke()");

    /// <summary>Opens a scope in the current one, and closes it when the action returns or throws.</summary>
    public void Open(Action action)
    {
        ExceptionDispatchInfo? thrown = null;
        Action guarded = () =>
        {
            try
            {
                action();
            }
            catch (Exception exception) when (exception is not PipelineStoppedException)
            {
                // Not through PowerShell, which would wrap it.
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        };
        invoke.InvokeScript(useLocalScope: true, CallBack, null, guarded);
        thrown?.Throw();
    }

    /// <summary>Makes a row of -ForEach visible in the current scope: as $_, and a dictionary's keys by name.</summary>
    public void Define(object? data)
    {
        if (data is null)
        {
            return;
        }

        session.PSVariable.Set("_", data);
        foreach ((string name, object? value) in Named(data))
        {
            session.PSVariable.Set(name, value);
        }
    }

    /// <summary>Dot-sources a script block into the current scope; its parameters get the row's values.</summary>
    public void DotSource(ScriptBlock script, object? data = null)
    {
        object?[] arguments = [];
        if (data is not null && script.Ast is ScriptBlockAst { ParamBlock: { } parameters })
        {
            Dictionary<string, object?> named = new(Named(data), StringComparer.OrdinalIgnoreCase);
            arguments = [.. parameters.Parameters.Select(
                parameter => named.GetValueOrDefault(parameter.Name.VariablePath.UserPath))];
        }

        invoke.InvokeScript(useLocalScope: false, script, null, arguments);
    }

    /// <summary>Runs a script block in a scope of its own and drops its output.</summary>
    public void Run(ScriptBlock script) => invoke.InvokeScript(useLocalScope: true, script, null);

    /// <summary>The value of an expression in the current scope; null if it has none.</summary>
    public object? Evaluate(string expression)
    {
        try
        {
            return invoke.InvokeScript(useLocalScope: true, ScriptBlock.Create(expression), null) switch
            {
                [] => null,
                [var single] => single,
                var several => several,
            };
        }
        catch (RuntimeException)
        {
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, object?>> Named(object data)
    {
        if ((data is PSObject wrapped ? wrapped.BaseObject : data) is IDictionary dictionary)
        {
            foreach (DictionaryEntry entry in dictionary)
            {
                yield return new($"{entry.Key}", entry.Value);
            }
        }
    }
}
