namespace QedTools;

/// <summary>When text is coloured.</summary>
public enum QedColorMode
{
    /// <summary>If the output can show colours and the user has not disabled them.</summary>
    Auto = 0,

    /// <summary>Always.</summary>
    Always = 1,

    /// <summary>Never.</summary>
    Never = 2,
}
