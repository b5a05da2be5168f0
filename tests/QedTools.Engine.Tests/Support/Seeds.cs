using System;
using System.Globalization;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>
/// The seeds of the random tests: the same in every run, so that only a change makes a test fail. QEDTOOLS_SEED takes
/// one seed instead, or "random" for different ones in each run; a failure names the seed that reproduces it.
/// </summary>
internal static class Seeds
{
    public const string Variable = "QEDTOOLS_SEED";

    private static readonly string? Wanted = Environment.GetEnvironmentVariable(Variable);

    /// <summary>One seed, for a test that needs only one.</summary>
    public static int One => From(1);

    /// <summary>The seed that a test starts with.</summary>
    /// <param name="defaultSeed">The seed of an ordinary run.</param>
    public static int From(int defaultSeed) => Asked ?? (Wanted == "random" ? Random.Shared.Next(1, 1 << 30) : defaultSeed);

    /// <summary>As many seeds as a test wants, or the one that was asked for.</summary>
    public static TheoryData<int> Take(int count)
    {
        TheoryData<int> seeds = [];
        int first = One;
        for (int i = 0; i < (Asked is null ? count : 1); i++)
        {
            seeds.Add(first + i);
        }

        return seeds;
    }

    // A value that is not a number is an error; it is not silently replaced by another seed.
    private static int? Asked => string.IsNullOrEmpty(Wanted) || Wanted == "random" ? null : int.Parse(Wanted, CultureInfo.InvariantCulture);
}
