namespace QedTools;

/// <summary>When text has colours.</summary>
public enum QedColorMode
{
    /// <summary>Where the output shows them, and nobody asked for none.</summary>
    Auto = 0,

    /// <summary>Always.</summary>
    Always = 1,

    /// <summary>Never.</summary>
    Never = 2,
}
