using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>Get-QedAllocationMap: the allocation map of an image, as extents.</summary>
[Cmdlet(VerbsCommon.Get, "QedAllocationMap", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedExtent))]
public sealed class GetQedAllocationMapCommand : QedDiskCommand
{
    /// <summary>Look up unallocated parts in the backing files.</summary>
    [Parameter]
    public SwitchParameter BackingChain { get; set; }

    /// <summary>The offset to begin at, in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long Offset { get; set; }

    /// <summary>The length of the range, in bytes; by default up to the end of the disk.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long? Length { get; set; }

    /// <summary>Return only extents in these states.</summary>
    [Parameter]
    public QedExtentState[] State { get; set; } = [];

    private protected override void ProcessFile(string path)
    {
        QedCorruptException? damage = null;
        ImageMappingOptions options = new()
        {
            SourceFormat = SourceFormat,
            SourceBackingFile = SourceBackingPath,
            BackingFolders = BackingFolderPaths,
            Snapshot = Snapshot,
            OnDamage = found => damage ??= found,
            Offset = Offset,
            Length = Length,
            States = State,
            BackingChain = BackingChain,
            AllowUnc = AllowUnc,
            ForceShare = ForceShare,
            Trace = Trace,
        };
        foreach (QedExtent extent in ImageMapping.Run(path, options, Cancellation))
        {
            FlushTrace();
            WriteObject(extent);
        }

        if (damage is not null)
        {
            WriteError(damage, path);
        }
    }
}
