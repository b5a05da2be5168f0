using System;

namespace QedTools.Partitions;

/// <summary>A partition as its table states it.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Type">Its type, in words; null if it is not known.</param>
/// <param name="TypeId">Its type, as a code or GUID.</param>
/// <param name="Start">Where it begins on the disk, in bytes.</param>
/// <param name="Length">Its length, in bytes, at least 1; it may extend beyond the end of the disk.</param>
internal sealed record PartitionEntry(int Number, string? Type, string TypeId, long Start, long Length)
{
    /// <summary>Its name; null if it has none.</summary>
    public string? Name { get; init; }

    /// <summary>Its GUID; null if it has none.</summary>
    public Guid? Guid { get; init; }

    /// <summary>Whether the BIOS is to boot from it.</summary>
    public bool IsBootable { get; init; }

    /// <summary>Whether it contains logical partitions.</summary>
    public bool IsExtended { get; init; }

    /// <summary>The first byte after it; saturates.</summary>
    public long End => Length > long.MaxValue - Start ? long.MaxValue : Start + Length;
}
