using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Get-QedImageHash: the hash of a disk's contents, the same in every format and chain.</summary>
[Cmdlet(VerbsCommon.Get, "QedImageHash", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedImageHash))]
public sealed class GetQedImageHashCommand : QedContentsCommand
{
    /// <summary>The hash function.</summary>
    [Parameter]
    public QedHashAlgorithm Algorithm { get; set; }

    /// <summary>The size of the blocks that are hashed each by itself, in bytes: a power of two from 512 to 16MB. Each size gives another hash.</summary>
    [Parameter]
    [Alias("BlockSize")]
    [SizeInBytes]
    [ArgumentCompleter(typeof(HashBlockSizeCompleter))]
    public long BlockSizeBytes { get; set; } = DiskHashingOptions.DefaultBlockSize;

    /// <summary>Hash the disk as one sequence of bytes: what Get-FileHash gives for a raw file of it. This takes longer.</summary>
    [Parameter]
    public SwitchParameter Plain { get; set; }

    private protected override void ProcessFile(string path)
    {
        DiskHashingOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            Snapshot = Snapshot,
            Partition = Partition,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = Trace,
            Algorithm = Algorithm,
            BlockSize = BlockSizeBytes,
            Plain = Plain,
        };
        WriteObject(WithProgress(Messages.Hashing, path, progress => DiskHashing.Run(path, options, progress, Cancellation)));
    }
}
