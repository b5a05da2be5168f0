namespace QedTools.Tests.Interpreter;

/// <summary>What came out of a test.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">Why it failed or was skipped; empty if it passed.</param>
/// <param name="Stack">Where it failed, a line per call, as .NET writes a stack; empty otherwise.</param>
/// <param name="Output">What it wrote to the error and warning streams, which alone fails no test.</param>
internal sealed record PesterResult(PesterOutcome Outcome, string Message, string Stack, string Output)
{
    /// <summary>The result with one more failure: a passed or skipped test becomes a failed one.</summary>
    public PesterResult With(PesterResult failure) => Outcome == PesterOutcome.Failed
        ? this with { Message = $"{Message}\n{failure.Message}", Stack = $"{Stack}\n{failure.Stack}" }
        : failure with { Output = Output };
}
