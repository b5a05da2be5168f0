using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell.Commands;

namespace QedTools.Shell;

/// <summary>
/// The session of the shell's users: <see cref="ModuleSession"/>, and the cmdlets of PowerShell's Management and Utility
/// modules, without which a prompt is no prompt. Tests take the bare <see cref="ModuleSession"/>, but for the examples of the help.
/// </summary>
public static class ShellSession
{
    /// <summary>Describes a new session.</summary>
    public static InitialSessionState Create()
    {
        InitialSessionState state = ModuleSession.Create();
        state.ThrowOnRunspaceOpenError = true;
        AddCmdlets(state, typeof(GetChildItemCommand).Assembly);
        AddCmdlets(state, typeof(SelectObjectCommand).Assembly);
        return state;
    }

    // PowerShell imports them from module manifests, which are not in the packages.
    private static void AddCmdlets(InitialSessionState state, Assembly module)
    {
        foreach (System.Type type in module.GetExportedTypes())
        {
            if (type is { IsAbstract: false } && type.GetCustomAttribute<CmdletAttribute>(inherit: false) is { } cmdlet)
            {
                state.Commands.Add(new SessionStateCmdletEntry($"{cmdlet.VerbName}-{cmdlet.NounName}", type, helpFileName: null));
            }
        }
    }
}
