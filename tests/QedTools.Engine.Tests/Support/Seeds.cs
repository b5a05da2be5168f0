using System;
using System.Globalization;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>
/// The seeds of the random tests: the same in every run, so that a change is what makes a test fail. QEDTOOLS_SEED takes
/// one seed instead, or "random" for others in each run; a failure names the seed that repeats it.
/// </summary>
internal static class Seeds
{
    public const string Variable = "QEDTOOLS_SEED";

    private static readonly string? Wanted = Environment.GetEnvironmentVariable(Variable);

    /// <summary>One seed, for a test that needs but one.</summary>
    public static int One => From(1);

    /// <summary>The seed that a test begins with.</summary>
    /// <param name="usual">The one of the ordinary run.</param>
    public static int From(int usual) => Asked ?? (Wanted == "random" ? Random.Shared.Next(1, 1 << 30) : usual);

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

    // Whoever asks for what is no seed is told so, and does not get another one.
    private static int? Asked => string.IsNullOrEmpty(Wanted) || Wanted == "random" ? null : int.Parse(Wanted, CultureInfo.InvariantCulture);
}
