namespace QedTools;

/// <summary>How two disks are compared.</summary>
public sealed record DiskComparisonOptions
{
    /// <summary>Whether disks of different sizes differ even if the rest of the longer one is zeroes.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
