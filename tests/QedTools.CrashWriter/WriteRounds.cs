using System;
using System.Collections.Generic;

namespace QedTools.CrashWriter;

/// <summary>The writes of each round. The same seed gives the same writes, so the contents follow from the seed.</summary>
/// <param name="seed">The seed.</param>
/// <param name="size">The virtual size, in bytes.</param>
public sealed class WriteRounds(int seed, long size)
{
    private const int Sector = 512;

    private readonly Random _random = new(seed);

    /// <summary>The writes of the next round, in whole sectors.</summary>
    public IReadOnlyList<(long Offset, byte[] Data)> Next()
    {
        List<(long Offset, byte[] Data)> writes = [];
        int count = _random.Next(1, 6);
        for (int i = 0; i < count; i++)
        {
            byte[] data = new byte[_random.Next(1, 64) * Sector];
            _random.NextBytes(data);
            writes.Add((_random.NextInt64((size - data.Length) / Sector) * Sector, data));
        }

        return writes;
    }
}
