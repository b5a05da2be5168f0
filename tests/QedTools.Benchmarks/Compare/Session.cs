using System;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell;

namespace QedTools.Benchmarks.Compare;

/// <summary>A warm PowerShell session with the module loaded.</summary>
internal sealed class Session : IDisposable
{
    private readonly Runspace _runspace = RunspaceFactory.CreateRunspace(ModuleSession.Create());

    public Session() => _runspace.Open();

    /// <summary>Runs a script and returns its output; throws on an error.</summary>
    public Collection<PSObject> Run(string script)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        Collection<PSObject> output = shell.AddScript(script).Invoke();
        return shell.HadErrors
            ? throw new InvalidOperationException(script + ": " + shell.Streams.Error.FirstOrDefault())
            : output;
    }

    public void Dispose() => _runspace.Dispose();
}
