namespace QedTools;

/// <summary>How an image is repaired.</summary>
public sealed record ImageRepairOptions
{
    /// <summary>Whether to save nothing of what is changed: the repair cannot be taken back then.</summary>
    public bool NoBackup { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
