using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>A cmdlet that shows what is stored where: which part of a disk, and through which layers.</summary>
public abstract class QedMapCommand : QedDiskCommand
{
    /// <summary>Look up unallocated parts in the backing files.</summary>
    [Parameter]
    public SwitchParameter BackingChain { get; set; }

    /// <summary>The offset to begin at, in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [SizeInBytes]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long Offset { get; set; }

    /// <summary>The length of the range, in bytes; by default up to the end of the disk.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [SizeInBytes]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long? Length { get; set; }

    /// <summary>Whether the layers below the image are looked at.</summary>
    private protected bool IsChain => BackingChain || SourceBackingFile is not null;

    /// <summary>The part of the map that the parameters ask for.</summary>
    private protected ImageMappingOptions ToMapping() => new()
    {
        SourceFormat = SourceFormat,
        SourceBackingFile = SourceBackingPath,
        BackingFolders = BackingFolderPaths,
        Snapshot = Snapshot,
        Offset = Offset,
        Length = Length,
        BackingChain = IsChain,
        AllowUnc = AllowUnc,
        ForceShare = ForceShare,
        Trace = Trace,
    };
}
