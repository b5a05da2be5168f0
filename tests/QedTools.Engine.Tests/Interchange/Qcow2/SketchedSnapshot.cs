namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>A snapshot of a <see cref="Qcow2Sketch"/>.</summary>
internal sealed record SketchedSnapshot(string Id, string Name)
{
    /// <summary>Where its L1 table is; null: the sketch's own.</summary>
    public long? L1Offset { get; init; }

    /// <summary>How many entries that has; null: as many as the sketch's.</summary>
    public uint? L1Size { get; init; }

    public int ExtraBytes { get; init; } = 24;

    public long? VirtualSize { get; init; }
}
