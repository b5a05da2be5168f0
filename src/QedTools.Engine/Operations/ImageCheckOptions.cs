namespace QedTools;

/// <summary>How an image is checked.</summary>
public sealed record ImageCheckOptions
{
    /// <summary>Whether to read an image that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Receives what is found where; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
