namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>A snapshot of a <see cref="Qcow2Sketch"/>.</summary>
internal sealed record SketchedSnapshot(string Id, string Name)
{
    /// <summary>The offset of its L1 table; null for the sketch's own.</summary>
    public long? L1Offset { get; init; }

    /// <summary>The number of entries in its L1 table; null for as many as the sketch has.</summary>
    public uint? L1Size { get; init; }

    public int ExtraBytes { get; init; } = 24;

    public long? VirtualSize { get; init; }
}
