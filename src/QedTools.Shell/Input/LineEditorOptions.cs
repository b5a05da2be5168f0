namespace QedTools.Shell.Input;

/// <summary>What a line is read for.</summary>
internal sealed record LineEditorOptions
{
    /// <summary>Whether stars stand for what is typed.</summary>
    public bool Masked { get; init; }

    /// <summary>The earlier lines that the arrow keys bring back; null for none.</summary>
    public LineHistory? History { get; init; }

    /// <summary>What the Tab key completes by; null for nothing.</summary>
    public Completion? Completion { get; init; }
}
