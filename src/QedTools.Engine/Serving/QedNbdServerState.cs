namespace QedTools;

/// <summary>What a server is doing.</summary>
public enum QedNbdServerState
{
    /// <summary>It serves its clients.</summary>
    Running = 0,

    /// <summary>It takes no new clients and waits for the others to end.</summary>
    Stopping = 1,

    /// <summary>It has ended, and its images are closed.</summary>
    Stopped = 2,

    /// <summary>It cannot take new clients, or it has ended and something could not be written: the last error says what.</summary>
    Failed = 3,
}
