using System;
using System.Globalization;
using Xunit.Sdk;

namespace QedTools.Tests.Fuzz;

/// <summary>Runs a test with many seeds, the same ones every time, and says which one failed.</summary>
internal static class Seeded
{
    /// <summary>Overrides the first seed of every test, to repeat a failure or to look further.</summary>
    private const string Variable = "QEDTOOLS_SEED";

    /// <summary>Runs <paramref name="test"/> once per seed from <paramref name="firstSeed"/> on.</summary>
    public static void Run(int firstSeed, int rounds, Action<Random> test)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text)
        {
            firstSeed = int.Parse(text, CultureInfo.InvariantCulture);
        }

        for (int round = 0; round < rounds; round++)
        {
            int seed = unchecked(firstSeed + round);
            try
            {
                test(new Random(seed));
            }
            catch (Exception e)
            {
                throw new XunitException($"Failed with seed {seed} ({Variable}={seed} repeats it first): {e.Message}", e);
            }
        }
    }

    /// <summary>One of some values.</summary>
    public static T Pick<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
