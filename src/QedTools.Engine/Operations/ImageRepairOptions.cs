namespace QedTools;

/// <summary>How an image is repaired.</summary>
public sealed record ImageRepairOptions
{
    /// <summary>Whether to make no backup of what is changed: the repair then cannot be undone.</summary>
    public bool NoBackup { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
