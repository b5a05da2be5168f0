using System;
using System.Collections.Generic;

namespace QedTools;

/// <summary>Which part of an image's map is wanted.</summary>
public sealed record ImageMappingOptions
{
    /// <summary>Where to begin, in bytes: 0 to the disk's size.</summary>
    public long Offset { get; init; }

    /// <summary>How far to go, in bytes; what lies behind the disk's end is left out. Null: to the end.</summary>
    public long? Length { get; init; }

    /// <summary>Which extents are wanted; empty: all.</summary>
    public IReadOnlyCollection<QedExtentState> States { get; init; } = [];

    /// <summary>
    /// Is told of each stretch that cannot be read because tables are damaged, before it is handed out as <see cref="QedExtentState.Damaged"/>.
    /// Null: the walk ends there with that error.
    /// </summary>
    public Action<QedCorruptException>? OnDamage { get; init; }

    /// <summary>Whether what the image leaves to its backing files is looked up there.</summary>
    public bool BackingChain { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
