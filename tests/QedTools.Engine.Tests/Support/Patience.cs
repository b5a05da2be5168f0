using System;

namespace QedTools.Tests.Support;

/// <summary>
/// How long a test waits for something before it fails. Only what would never happen takes so long: whether a test passes must not
/// depend on how fast or busy the machine is.
/// </summary>
internal static class Patience
{
    /// <summary>The limit, in milliseconds.</summary>
    public const int Milliseconds = 5 * 60 * 1000;

    /// <summary>The limit.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(Milliseconds);
}
