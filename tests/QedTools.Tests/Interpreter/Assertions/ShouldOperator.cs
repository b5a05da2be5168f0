using System;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Assertions;

/// <summary>An operator of Should.</summary>
/// <param name="TakesCollection">Whether it looks at all values piped in at once; else at each by itself.</param>
/// <param name="Holds">Whether it holds for the actual and the expected value.</param>
/// <param name="Expectation">What a failure says was expected; {0} is the expected value.</param>
/// <param name="Opposite">The same under -Not.</param>
internal sealed record ShouldOperator(
    bool TakesCollection, Func<object?, object?, SessionState, bool> Holds, string Expectation, string Opposite)
{
    /// <summary>How a failure shows the actual value.</summary>
    public Func<object?, string> Describe { get; init; } = ValueText.Of;

    /// <summary>What a failure adds, from the actual and the expected value.</summary>
    public Func<object?, object?, string> Hint { get; init; } = (_, _) => "";

    /// <summary>Checks a value; null if all is well, else what is wrong.</summary>
    public string? Check(object? actual, object? expected, bool negated, string because, SessionState session)
    {
        if (Holds(actual, expected, session) != negated)
        {
            return null;
        }

        string expectation = (negated ? Opposite : Expectation).Replace("{0}", ValueText.Of(expected));
        return $"Expected {expectation},{because} but got {Describe(actual)}.{(negated ? "" : Hint(actual, expected))}";
    }
}
