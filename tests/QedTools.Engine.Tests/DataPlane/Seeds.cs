using System;
using System.Globalization;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>
/// The seeds of the random tests: the same in every run, so that a change is what makes a test fail. QEDTOOLS_SEED takes
/// one seed instead, or "random" for others in each run; a failure names the seed that repeats it.
/// </summary>
internal static class Seeds
{
    private static readonly string? Wanted = Environment.GetEnvironmentVariable("QEDTOOLS_SEED");

    /// <summary>As many seeds as a test wants, or the one that was asked for.</summary>
    public static TheoryData<int> Take(int count)
    {
        TheoryData<int> seeds = [];
        if (int.TryParse(Wanted, NumberStyles.Integer, CultureInfo.InvariantCulture, out int one))
        {
            seeds.Add(one);
            return seeds;
        }

        int first = Wanted == "random" ? Random.Shared.Next(1, 1 << 30) : 1;
        for (int i = 0; i < count; i++)
        {
            seeds.Add(first + i);
        }

        return seeds;
    }

    /// <summary>One seed, for a test that needs but one.</summary>
    public static int One => int.TryParse(Wanted, NumberStyles.Integer, CultureInfo.InvariantCulture, out int one)
        ? one
        : Wanted == "random" ? Random.Shared.Next(1, 1 << 30) : 1;
}
