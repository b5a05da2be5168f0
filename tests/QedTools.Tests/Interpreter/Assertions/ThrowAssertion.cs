using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Assertions;

/// <summary>Should -Throw: a script block must throw, and what it throws must fit.</summary>
/// <param name="message">A wildcard for the message, or null.</param>
/// <param name="errorId">A wildcard for the FullyQualifiedErrorId, or null.</param>
/// <param name="type">The exception's type or a base of it, or null.</param>
internal sealed class ThrowAssertion(string? message, string? errorId, Type? type)
{
    /// <summary>The operator's name.</summary>
    public const string Name = "Throw";

    /// <summary>Runs the script block; null if all is well, else what is wrong.</summary>
    /// <param name="value">The script block.</param>
    /// <param name="negated">Whether it must not throw, whatever it is.</param>
    /// <param name="because">The reason, ready to stand in the message.</param>
    /// <param name="scope">Where to run it.</param>
    /// <param name="error">What it threw.</param>
    public string? Check(object? value, bool negated, string because, ScriptScope scope, out ErrorRecord? error)
    {
        if ((value is PSObject wrapped ? wrapped.BaseObject : value) is not ScriptBlock script)
        {
            throw new PesterException("Should -Throw needs a script block: { ... } | Should -Throw");
        }

        error = Catch(script, scope);
        if (negated)
        {
            return error is null ? null : $"Expected no exception,{because} but got {Describe(error)}.";
        }

        List<string> filters = [];
        List<string> misses = [];
        if (type is not null)
        {
            Compare(
                $"type {ValueText.Of(type)}",
                "the type",
                error?.Exception.GetType(),
                type.IsInstanceOfType(error?.Exception));
        }

        if (!string.IsNullOrWhiteSpace(message))
        {
            Compare(
                $"a message like {ValueText.Of(message)}",
                "the message",
                error?.Exception.Message,
                IsLike(error?.Exception.Message, message));
        }

        if (!string.IsNullOrWhiteSpace(errorId))
        {
            Compare(
                $"FullyQualifiedErrorId {ValueText.Of(errorId)}",
                "the FullyQualifiedErrorId",
                error?.FullyQualifiedErrorId,
                IsLike(error?.FullyQualifiedErrorId, errorId));
        }

        string with = filters.Count == 0 ? "" : $" with {string.Join(" and ", filters)}";
        return error is null ? $"Expected an exception{with},{because} but nothing was thrown."
            : misses.Count == 0 ? null
            : $"Expected an exception{with},{because} but {string.Join(" and ", misses)}: {Describe(error)}.";

        void Compare(string filter, string what, object? actual, bool fits)
        {
            filters.Add(filter);
            if (!fits)
            {
                misses.Add($"{what} was {ValueText.Of(actual)}");
            }
        }
    }

    private static ErrorRecord? Catch(ScriptBlock script, ScriptScope scope)
    {
        try
        {
            scope.Run(script);
            return null;
        }
        catch (LoopFlowException)
        {
            // A break or continue in the script block ends it, no more.
            return null;
        }
        catch (RuntimeException exception) when (exception is not PipelineStoppedException)
        {
            return ScriptErrors.Record(exception);
        }
    }

    private static bool IsLike(string? text, string pattern) =>
        WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text ?? "");

    private static string Describe(ErrorRecord error) =>
        $"{ValueText.Of(error.Exception.GetType())} {ValueText.Of(error.Exception.Message)}"
        + (error.InvocationInfo is { ScriptLineNumber: > 0 } place
            ? $" from line {place.ScriptLineNumber}: {place.Line.Trim()}"
            : "");
}
