using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>A cmdlet that reads the contents of a disk, or of one partition of it.</summary>
public abstract class QedContentsCommand : QedDiskCommand
{
    /// <summary>The number of the partition that is read instead of the whole disk, as Get-QedPartition shows it; 0 for the whole disk.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Number")]
    [ArgumentCompleter(typeof(PartitionCompleter))]
    public int? Partition { get; set; }
}
