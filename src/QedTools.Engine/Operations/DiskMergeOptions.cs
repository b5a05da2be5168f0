namespace QedTools;

/// <summary>How an overlay is merged into its backing file.</summary>
public sealed record DiskMergeOptions
{
    /// <summary>Whether the overlay keeps what it holds.</summary>
    public bool Keep { get; init; }

    /// <summary>Whether to merge though other images beside the overlay or its backing file have the same one and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
