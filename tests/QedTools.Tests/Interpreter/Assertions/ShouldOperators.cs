using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Assertions;

/// <summary>The operators of Should that look at values; PowerShell's own decide, with its conversions.</summary>
internal static class ShouldOperators
{
    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, ShouldOperator> All { get; } = new Dictionary<string, ShouldOperator>
    {
        ["Be"] = new(true, (actual, expected, _) => AreEqual(actual, expected, "-eq"), "{0}", "anything but {0}")
        {
            Describe = Unrolled,
            Hint = Difference,
        },
        ["BeExactly"] = new(
            true,
            (actual, expected, _) => AreEqual(actual, expected, "-ceq"),
            "exactly {0}",
            "anything but exactly {0}")
        {
            Describe = Unrolled,
            Hint = Difference,
        },
        ["BeTrue"] = new(false, (actual, _, _) => LanguagePrimitives.IsTrue(actual), "$true", "$false"),
        ["BeFalse"] = new(false, (actual, _, _) => !LanguagePrimitives.IsTrue(actual), "$false", "$true"),
        ["BeNullOrEmpty"] = new(
            true, (actual, _, _) => IsNullOrEmpty((object?[])actual!), "$null or empty", "a value")
        {
            Describe = Unrolled,
        },
        ["Match"] = Of(
            "$args[0] -match $args[1]",
            "a match of the regular expression {0}",
            "no match of the regular expression {0}"),
        ["MatchExactly"] = Of(
            "$args[0] -cmatch $args[1]",
            "an exact match of the regular expression {0}",
            "no exact match of the regular expression {0}"),
        ["BeLike"] = Of("$args[0] -like $args[1]", "a match of the wildcard {0}", "no match of the wildcard {0}"),
        ["HaveCount"] = new(
            true,
            (actual, expected, _) => ((object?[])actual!).Length == LanguagePrimitives.ConvertTo<int>(expected),
            "a collection with size {0}",
            "a collection with a size other than {0}")
        {
            Describe = actual => $"size {((object?[])actual!).Length}: {ValueText.Of(actual)}",
        },
        ["Contain"] = new(
            true,
            (actual, expected, _) => Test("$args[0] -contains $args[1]", actual, expected),
            "a collection that contains {0}",
            "a collection that does not contain {0}"),
        ["BeIn"] = Of(
            "$args[1] -contains $args[0]",
            "a value in the collection {0}",
            "a value that is not in the collection {0}"),
        ["BeOfType"] = new(
            false, IsOfType, "a value of type {0} or one derived from it", "a value of another type than {0}")
        {
            Describe = actual => $"{ValueText.Of(actual)} of type {ValueText.Of(BaseObject(actual)?.GetType())}",
        },
        ["BeGreaterThan"] = Of(
            "$args[0] -gt $args[1]", "a value greater than {0}", "a value less than or equal to {0}"),
        ["BeGreaterOrEqual"] = Of(
            "$args[0] -ge $args[1]", "a value greater than or equal to {0}", "a value less than {0}"),
        ["BeLessThan"] = Of("$args[0] -lt $args[1]", "a value less than {0}", "a value greater than or equal to {0}"),
        ["BeLessOrEqual"] = Of(
            "$args[0] -le $args[1]", "a value less than or equal to {0}", "a value greater than {0}"),
        ["Exist"] = new(
            false,
            (actual, _, session) => session.InvokeProvider.Item.Exists(LanguagePrimitives.ConvertTo<string>(actual)),
            "an existing path",
            "a path that does not exist"),
    };

    private static ShouldOperator Of(string test, string expectation, string opposite) =>
        new(false, (actual, expected, _) => Test(test, actual, expected), expectation, opposite);

    /// <summary>A PowerShell expression over $args[0] and $args[1], as a bool.</summary>
    private static bool Test(string expression, object? left, object? right) =>
        LanguagePrimitives.IsTrue(ScriptBlock.Create($"[bool]({expression})").InvokeReturnAsIs(left, right));

    private static bool AreEqual(object? actual, object? expected, string comparison)
    {
        object?[] left = Elements(actual);
        object?[] right = Elements(expected);
        // Nothing, $null and a collection of one $null are the same to Pester.
        if (left is [] or [null] || right is [] or [null])
        {
            return left is [] or [null] && right is [] or [null];
        }

        return left.Length == right.Length && left.Zip(right).All(pair =>
            BaseObject(pair.First) is Array || BaseObject(pair.Second) is Array
                ? AreEqual(pair.First, pair.Second, comparison)
                : Test($"$args[1] {comparison} $args[0]", pair.First, pair.Second));
    }

    private static object?[] Elements(object? value) => LanguagePrimitives.ConvertTo<object?[]>(value) ?? [];

    private static object? BaseObject(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static bool IsNullOrEmpty(object?[] values) => values switch
    {
        [] => true,
        [var single] => BaseObject(single) is IDictionary dictionary
            ? dictionary.Count == 0
            : string.IsNullOrEmpty(LanguagePrimitives.ConvertTo<string>(single)),
        _ => false,
    };

    private static bool IsOfType(object? actual, object? expected, SessionState session)
    {
        // `[int]` as a bare argument arrives as that text.
        object? type = BaseObject(expected) is string name ? name.Trim('[', ']') : expected;
        return LanguagePrimitives.TryConvertTo(type, out Type found)
            ? Test("$args[0] -is $args[1]", actual, found)
            : throw new PesterException($"There is no type {ValueText.Of(expected)}; is its assembly loaded?");
    }

    /// <summary>A single piped value as itself, not as a collection of one.</summary>
    private static string Unrolled(object? actual) => actual switch
    {
        object?[] and [] => ValueText.Of(null),
        object?[] and [var single] when BaseObject(single) is not Array => ValueText.Of(single),
        _ => ValueText.Of(actual),
    };

    /// <summary>Where two strings part, which is hard to see in long ones.</summary>
    private static string Difference(object? actual, object? expected)
    {
        if (Elements(actual) is not [var single]
            || BaseObject(single) is not string left
            || BaseObject(expected) is not string right)
        {
            return "";
        }

        int index = left.AsSpan().CommonPrefixLength(right);
        return $" The strings, {right.Length} and {left.Length} long, differ from index {index} on.";
    }
}
