namespace QedTools;

/// <summary>How an image is checked.</summary>
public sealed record ImageCheckOptions
{
    /// <summary>Whether to read an image that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Who is told what is found where; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
