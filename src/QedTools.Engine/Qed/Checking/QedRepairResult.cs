using System.Collections.Generic;

namespace QedTools;

/// <summary>What a repair found, what it did, and what remains.</summary>
public sealed record QedRepairResult
{
    /// <summary>The image.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The check before the repair.</summary>
    public required QedCheckResult Before { get; init; }

    /// <summary>The check after the repair; the same as before if nothing was changed.</summary>
    public required QedCheckResult After { get; init; }

    /// <summary>How many repairs were made.</summary>
    public required long RepairCount { get; init; }

    /// <summary>
    /// How much of the disk is lost, in bytes: its table entries pointed nowhere, or the file ends before them or before its data. It could not be
    /// read, and now reads from the backing file, or as zeroes.
    /// </summary>
    public long ClearedBytes { get; init; }

    /// <summary>The repairs in the order in which they were made; the first 10,000.</summary>
    public required IReadOnlyList<QedRepair> Repairs { get; init; }

    /// <summary>The file that the old contents of all changed parts were saved to; null if nothing was saved.</summary>
    public required string? BackupPath { get; init; }

    /// <summary>The most space that the repair needs on the disk for copies and for its backup, in bytes.</summary>
    public long RequiredBytes { get; init; }

    /// <summary>The verdicts before and after.</summary>
    public override string ToString() => $"{Before.Status} -> {After.Status}: {Path}";
}
