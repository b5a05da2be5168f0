using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell.Commands;

namespace QedTools.Shell;

/// <summary>
/// The session of the shell's users: <see cref="ModuleSession"/>, and small stand-ins for the few commands of
/// PowerShell's Utility and Management modules without which a prompt is no prompt. Tests take the bare
/// <see cref="ModuleSession"/>, but for the examples of the help.
/// </summary>
public static class ShellSession
{
    /// <summary>Describes a new session.</summary>
    public static InitialSessionState Create()
    {
        InitialSessionState state = ModuleSession.Create();
        state.ThrowOnRunspaceOpenError = true;
        AddCommand<GetChildItemCommand>(state, "Get-ChildItem");
        AddCommand<GetLocationCommand>(state, "Get-Location");
        AddCommand<SetLocationCommand>(state, "Set-Location");
        AddCommand<WriteHostCommand>(state, "Write-Host");
        AddCommand<WriteOutputCommand>(state, "Write-Output");
        AddCommand<SelectObjectCommand>(state, "Select-Object");
        AddCommand<FormatTableCommand>(state, "Format-Table");
        AddCommand<FormatListCommand>(state, "Format-List");
        return state;
    }

    private static void AddCommand<TCommand>(InitialSessionState state, string name)
        where TCommand : PSCmdlet
        => state.Commands.Add(new SessionStateCmdletEntry(name, typeof(TCommand), helpFileName: null));
}
