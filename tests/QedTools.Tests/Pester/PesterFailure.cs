using System;

namespace QedTools.Tests.Pester;

/// <summary>The failure of an It, with Pester's message and with the script's stack trace in place of this program's.</summary>
internal sealed class PesterFailure(string message, string stack) : Exception(message)
{
    /// <inheritdoc/>
    public override string StackTrace => stack;
}
