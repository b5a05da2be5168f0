using System.Management.Automation;

namespace QedTools.Commands;

/// <summary>Get-QedAllocationMap: the allocation map of an image, as extents.</summary>
[Cmdlet(VerbsCommon.Get, "QedAllocationMap", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedExtent))]
public sealed class GetQedAllocationMapCommand : QedMapCommand
{
    /// <summary>Return only extents in these states.</summary>
    [Parameter]
    public QedExtentState[] State { get; set; } = [];

    private protected override void ProcessFile(string path)
    {
        QedCorruptException? damage = null;
        ImageMappingOptions options = ToMapping() with { OnDamage = found => damage ??= found, States = State };
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
