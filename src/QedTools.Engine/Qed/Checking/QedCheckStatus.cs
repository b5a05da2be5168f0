namespace QedTools;

/// <summary>The verdict of a check.</summary>
public enum QedCheckStatus
{
    /// <summary>Everything is as the format wants it.</summary>
    Clean = 0,

    /// <summary>Clusters take room that nothing refers to; no data is in danger.</summary>
    Leaks = 1,

    /// <summary>Table entries are wrong, so that data is lost or in danger.</summary>
    Corrupt = 2,
}
