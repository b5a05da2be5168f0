using System;

namespace QedTools.Tests.Pester;

/// <summary>An It that failed, with Pester's words and the stack of the script in place of that of this program.</summary>
internal sealed class PesterFailure(string message, string stack) : Exception(message)
{
    /// <inheritdoc/>
    public override string StackTrace => stack;
}
