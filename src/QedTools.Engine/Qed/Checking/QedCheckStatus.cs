namespace QedTools;

/// <summary>The verdict of a check.</summary>
public enum QedCheckStatus
{
    /// <summary>Everything conforms to the format.</summary>
    Clean = 0,

    /// <summary>Clusters that nothing refers to take up space, as after a crash. Only if a table was overwritten do they hold data that is missed.</summary>
    Leaks = 1,

    /// <summary>Table entries are wrong, so that data is lost or in danger.</summary>
    Corrupt = 2,
}
