using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>A cmdlet that reads the contents or the tables of a disk.</summary>
public abstract class QedDiskCommand : QedSourceCommand
{
    /// <summary>The id or the name of an internal snapshot of a qcow2 file to read, instead of what the disk is now. An id counts before a name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? Snapshot { get; set; }

    /// <summary>Read images that another process has open for writing, though they may change meanwhile.</summary>
    [Parameter]
    public SwitchParameter ForceShare { get; set; }
}
