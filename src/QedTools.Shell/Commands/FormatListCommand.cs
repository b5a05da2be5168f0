using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace QedTools.Shell.Commands;

/// <summary>Format-List: the engine holds all of it but the class itself, which lies in the Utility module.</summary>
[Cmdlet(VerbsCommon.Format, "List")]
internal sealed class FormatListCommand : OuterFormatTableAndListBase
{
    /// <summary>Makes the command around the engine's formatter.</summary>
    public FormatListCommand() => EngineFormatter.Attach(this, "List");
}
