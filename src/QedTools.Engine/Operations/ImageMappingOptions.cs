using System;
using System.Collections.Generic;

namespace QedTools;

/// <summary>Which part of an image's map is wanted.</summary>
public sealed record ImageMappingOptions : DiskReadingOptions
{
    /// <summary>Where to begin, in bytes: 0 to the disk's size.</summary>
    public long Offset { get; init; }

    /// <summary>How far to go, in bytes; anything beyond the disk's end is left out. Null: to the end.</summary>
    public long? Length { get; init; }

    /// <summary>Which extents are wanted; empty: all.</summary>
    public IReadOnlyCollection<QedExtentState> States { get; init; } = [];

    /// <summary>
    /// Called for each range that cannot be read because tables are damaged, before it is returned as <see cref="QedExtentState.Damaged"/>.
    /// If null, the walk ends there with that error.
    /// </summary>
    public Action<QedCorruptException>? OnDamage { get; init; }

    /// <summary>Whether what the image leaves to its backing files is looked up there.</summary>
    public bool BackingChain { get; init; }
}
