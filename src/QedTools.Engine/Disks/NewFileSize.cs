using System;

namespace QedTools.Disks;

/// <summary>How long a new file becomes, which follows from the units of the disk that it stores.</summary>
/// <param name="Unit">What the file allocates at once, in bytes of the disk: a cluster, block or grain; a sector where it has its full length from the start.</param>
/// <param name="Granule">The <see cref="IDiskLayer.Granule"/> of the layer that will be written.</param>
/// <param name="LengthFor">The file's length in bytes, for a number of stored units and of tables.</param>
internal sealed record NewFileSize(int Unit, int Granule, Func<long, long, long> LengthFor)
{
    /// <summary>How many units a table that is created on demand covers; 0 if there are no such tables.</summary>
    public long UnitsPerTable { get; init; }

    /// <summary>How many tables are created together: those from a multiple of this on, as far as the disk needs them.</summary>
    public long TablesAtOnce { get; init; } = 1;

    /// <summary>Whether all units are in the file from the start.</summary>
    public bool HoldsAll { get; init; }

    /// <summary>Whether zeroes that hide data of the backing file take a unit like any data; otherwise they take only an entry. For differencing files.</summary>
    public bool ZeroTakesUnit { get; init; }

    /// <summary>
    /// Whether the file can hold single granules of a unit and leave the others to the backing file, as differencing files do. A table is then
    /// needed only for a unit that is stored in part, and zeroes are stored only where the backing file has data.
    /// </summary>
    public bool IsDifferencing { get; init; }

    /// <summary>Whether the length is a limit that compression will stay below.</summary>
    public bool IsUpperBound { get; init; }

    /// <summary>A file that has its full length from the start.</summary>
    /// <param name="length">That length, in bytes.</param>
    /// <param name="unit">The unit in which the disk is rounded up in it, in bytes.</param>
    /// <param name="granule">The layer's granule, in bytes.</param>
    public static NewFileSize Whole(long length, int unit, int granule) => new(unit, granule, (_, _) => length) { HoldsAll = true };

    /// <summary>The length of the file with all of the disk stored, in bytes.</summary>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    public long FullLengthFor(long virtualSize) => LengthFor(UnitsFor(virtualSize), TablesFor(virtualSize));

    /// <summary>How many units a disk has.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long UnitsFor(long virtualSize) => (virtualSize / Unit) + (virtualSize % Unit == 0 ? 0 : 1);

    /// <summary>How many tables a disk has when all its units are stored.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long TablesFor(long virtualSize) => UnitsPerTable == 0 ? 0 : (UnitsFor(virtualSize) + UnitsPerTable - 1) / UnitsPerTable;
}
