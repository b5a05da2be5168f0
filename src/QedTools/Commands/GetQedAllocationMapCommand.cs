using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>Get-QedAllocationMap: what an image holds where.</summary>
[Cmdlet(VerbsCommon.Get, "QedAllocationMap", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedExtent))]
public sealed class GetQedAllocationMapCommand : QedReadCommand
{
    /// <summary>Look up in the backing files what the image leaves to them.</summary>
    [Parameter]
    public SwitchParameter BackingChain { get; set; }

    /// <summary>Where to begin, in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long Offset { get; set; }

    /// <summary>How far to go, in bytes; to the end of the disk unless given.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    [ArgumentCompleter(typeof(OffsetCompleter))]
    public long? Length { get; set; }

    /// <summary>Only extents of these states.</summary>
    [Parameter]
    public QedExtentState[] State { get; set; } = [];

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Read images that another process has open for writing, though they may change meanwhile.</summary>
    [Parameter]
    public SwitchParameter ForceShare { get; set; }

    private protected override void ProcessFile(string path)
    {
        QedCorruptException? damage = null;
        ImageMappingOptions options = new()
        {
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
