using System.Management.Automation;

namespace QedTools.Commands;

/// <summary>Get-QedPartition: the partitions of a disk and the file systems on them.</summary>
[Cmdlet(VerbsCommon.Get, "QedPartition", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedPartition))]
public sealed class GetQedPartitionCommand : QedDiskCommand
{
    private protected override void ProcessFile(string path)
    {
        DiskPartitioningOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            Snapshot = Snapshot,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = Trace,
        };
        WriteObject(DiskPartitioning.Run(path, options), enumerateCollection: true);
    }
}
