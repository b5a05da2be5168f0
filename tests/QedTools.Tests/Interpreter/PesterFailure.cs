using System;

namespace QedTools.Tests.Interpreter;

/// <summary>A failed Pester test for xunit: its stack is the script's and leads to the failing line.</summary>
/// <param name="message">Why the test failed.</param>
/// <param name="stack">Where.</param>
internal sealed class PesterFailure(string message, string stack) : Exception(message)
{
    /// <inheritdoc/>
    public override string? StackTrace => stack;
}
