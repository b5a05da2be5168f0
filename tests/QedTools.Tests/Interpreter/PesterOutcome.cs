namespace QedTools.Tests.Interpreter;

/// <summary>How a test ended.</summary>
internal enum PesterOutcome
{
    /// <summary>Nothing in it threw.</summary>
    Passed,

    /// <summary>It, a setup or a teardown threw.</summary>
    Failed,

    /// <summary>It said so itself, with Set-ItResult.</summary>
    Skipped,
}
