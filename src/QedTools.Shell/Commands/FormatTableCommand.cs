using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace QedTools.Shell.Commands;

/// <summary>Format-Table: the engine holds all of it but the class itself, which lies in the Utility module.</summary>
[Cmdlet(VerbsCommon.Format, "Table")]
internal sealed class FormatTableCommand : OuterFormatTableBase
{
    /// <summary>Makes the command around the engine's formatter.</summary>
    public FormatTableCommand() => EngineFormatter.Attach(this, "Table");
}
