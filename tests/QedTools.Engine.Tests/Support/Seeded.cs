using System;
using Xunit.Sdk;

namespace QedTools.Tests.Support;

/// <summary>Runs a test with many seeds, the same ones every time, and reports the one that failed.</summary>
internal static class Seeded
{
    /// <summary>Runs <paramref name="test"/> once per seed from <paramref name="firstSeed"/> on.</summary>
    public static void Run(int firstSeed, int rounds, Action<Random> test)
    {
        firstSeed = Seeds.From(firstSeed);
        for (int round = 0; round < rounds; round++)
        {
            int seed = unchecked(firstSeed + round);
            try
            {
                test(new Random(seed));
            }
            catch (Exception e)
            {
                throw new XunitException($"Failed with seed {seed} ({Seeds.Variable}={seed} repeats it first): {e.Message}", e);
            }
        }
    }

    /// <summary>One of some values.</summary>
    public static T Pick<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
