using System;

namespace QedTools.Serving;

/// <summary>What one client may cost, and what it is told about sizes.</summary>
internal static class NbdLimits
{
    /// <summary>The smallest block that can be read or written, in bytes.</summary>
    public const uint MinBlock = 1;

    /// <summary>The block size that a client should prefer, in bytes.</summary>
    public const uint PreferredBlock = 4096;

    /// <summary>The most data of one request, in bytes.</summary>
    public const uint MaxPayload = 32 << 20;

    /// <summary>The longest name or text, in bytes.</summary>
    public const int MaxText = 4096;

    /// <summary>The most data of an option, in bytes: several names of the maximum length.</summary>
    public const int MaxOptionData = 32 << 10;

    /// <summary>The most data of an option that is skipped and answered with an error, in bytes; beyond it the connection ends.</summary>
    public const int MaxSkippedOption = 1 << 20;

    /// <summary>How many requests of a client are worked on at once.</summary>
    public const int MaxInFlight = 64;

    /// <summary>How many threads work for a client at once.</summary>
    public const int MaxThreads = 8;

    /// <summary>How much data to be written may wait for those threads, in bytes.</summary>
    public const int MaxWaitingData = 8 << 20;

    /// <summary>How long a client may take until it has chosen an export.</summary>
    public static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);
}
