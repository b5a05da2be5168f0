using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell;

namespace QedTools.Tests.Help;

/// <summary>A session with the module imported, which provides what PowerShell itself knows about the cmdlets.</summary>
public sealed class HelpSession : IDisposable
{
    private readonly Runspace _runspace = RunspaceFactory.CreateRunspace(ModuleSession.Create());

    /// <summary>Opens the session.</summary>
    public HelpSession()
    {
        _runspace.Open();
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.AddCommand("Get-Command").AddParameter("Module", "QedTools");
        Cmdlets = shell.Invoke<CmdletInfo>().ToDictionary(cmdlet => cmdlet.Name);
    }

    /// <summary>The module's cmdlets.</summary>
    public IReadOnlyDictionary<string, CmdletInfo> Cmdlets { get; }

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();
}
