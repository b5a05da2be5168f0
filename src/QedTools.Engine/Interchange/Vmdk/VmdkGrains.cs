using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vmdk;

/// <summary>The arithmetic of grains and of the tables that say where they are.</summary>
/// <param name="GrainSize">A grain's size, in bytes.</param>
/// <param name="EntriesPerTable">How many entries a grain table has.</param>
internal readonly record struct VmdkGrains(int GrainSize, int EntriesPerTable)
{
    /// <summary>The entry of a grain that is not there.</summary>
    public const uint Unused = 0;

    /// <summary>The entry of a grain of zeroes, in extents that have them.</summary>
    public const uint Zeroed = 1;

    /// <summary>The largest disk that is written, in bytes: with its tables it stays below 2^32 sectors.</summary>
    public const long MaxVirtualSize = 2040L << 30;

    /// <summary>The sizes that VMware uses.</summary>
    public static readonly VmdkGrains Default = new(64 << 10, 512);

    /// <summary>A grain's size, in sectors.</summary>
    public int SectorsPerGrain => GrainSize / Sector.Size;

    /// <summary>A grain table's size, in bytes.</summary>
    public int TableBytes => EntriesPerTable * sizeof(uint);

    /// <summary>How many grains a disk has.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long CountFor(long virtualSize) => ((virtualSize - 1) / GrainSize) + 1;

    /// <summary>How many grain tables a disk has.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long TablesFor(long virtualSize) => ((CountFor(virtualSize) - 1) / EntriesPerTable) + 1;

    /// <summary>The grain that holds an offset on the disk.</summary>
    public long IndexOf(long offset) => offset / GrainSize;

    /// <summary>Where in its grain an offset on the disk is, in bytes.</summary>
    public int OffsetIn(long offset) => (int)(offset % GrainSize);

    /// <summary>How much of a range is in the grain in which it begins, in bytes.</summary>
    public long LengthIn(long offset, long length) => Math.Min(length, GrainSize - OffsetIn(offset));

    /// <summary>An offset rounded up to whole grains.</summary>
    public long RoundUpToGrain(long offset) => (offset + GrainSize - 1) / GrainSize * GrainSize;
}
