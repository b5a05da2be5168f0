using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>
/// Damage of a source that reading does not run into: where two table entries point to one cluster, both can be read and one of them gives wrong data.
/// </summary>
internal static class SourceDamage
{
    /// <summary>Warns of layers whose tables a check finds wrong.</summary>
    /// <param name="layers">The layers that are read.</param>
    /// <param name="options">How they are read.</param>
    /// <param name="cancellation">Stops it.</param>
    public static void Warn(IEnumerable<IDiskLayer> layers, DiskConversionOptions options, CancellationToken cancellation)
    {
        if (options.Trace?.Warns != true)
        {
            return;
        }

        // The tables of an image that another program is writing to are wrong for moments.
        foreach (IDiskLayer layer in layers.Where(layer => !options.ForceShare || !layer.Storage.IsInUse))
        {
            long count = CountIn(layer, cancellation);
            if (count > 0)
            {
                string entries = count == 1 ? "one of its table entries is wrong" : $"{count} of its table entries are wrong";
                options.Trace.Warn($"The image '{layer.Storage.Path}' is damaged: {entries}, so the result can hold wrong data.", QedRemedy.RepairImage);
            }
        }
    }

    private static long CountIn(IDiskLayer layer, CancellationToken cancellation)
    {
        try
        {
            return layer.CountWrongEntries(cancellation);
        }
        catch (QedException)
        {
            // Reading the disk fails at the same place, or salvages what is left.
            return 0;
        }
    }
}
