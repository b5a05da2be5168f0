using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Qed.Format;

namespace QedTools.Tests.DataPlane;

/// <summary>
/// Generates scripts of steps that meet at the critical offsets, the ends of clusters, tables and files; and shortens failing ones.
/// </summary>
internal static class DiskScript
{
    private const int MaxRuns = 400;

    /// <param name="random">The source of randomness.</param>
    /// <param name="count">The number of steps.</param>
    /// <param name="size">The disk's size, in bytes.</param>
    /// <param name="largest">The largest size it may get, in bytes.</param>
    /// <param name="geometry">The image's geometry.</param>
    /// <param name="ends">Further offsets of interest, such as the ends of the layers below.</param>
    public static List<DiskStep> Generate(Random random, int count, long size, long largest, QedGeometry geometry, IReadOnlyList<long> ends)
    {
        long[] places =
        [
            0,
            size,
            size / 2,
            geometry.BytesPerL2Table,
            2 * geometry.BytesPerL2Table,
            Math.Min(geometry.EntriesPerTable, geometry.ClusterSize / 8) * geometry.BytesPerL2Table,
            geometry.ClusterSize / 8L * geometry.ClusterSize,
            .. Enumerable.Range(0, 5).Select(_ => random.NextInt64(largest)),
            .. ends,
        ];
        List<DiskStep> steps = [];
        long now = size;
        for (int i = 0; i < count; i++)
        {
            DiskStep step = Next(random, now, largest, geometry, places);
            now = step.Kind == StepKind.Resize ? step.Offset : now;
            steps.Add(step);
        }

        return steps;
    }

    /// <summary>Removes the steps that a failure does not need.</summary>
    /// <param name="steps">A script that fails.</param>
    /// <param name="fails">Returns whether a script fails.</param>
    public static List<DiskStep> Shorten(List<DiskStep> steps, Func<List<DiskStep>, bool> fails)
    {
        int runs = 0;
        for (int chunk = Math.Max(1, steps.Count / 2); chunk > 0; chunk /= 2)
        {
            for (int at = 0; at < steps.Count && runs < MaxRuns;)
            {
                List<DiskStep> shorter = [.. steps.Take(at), .. steps.Skip(at + chunk)];
                runs++;
                if (fails(shorter))
                {
                    steps = shorter;
                }
                else
                {
                    at += chunk;
                }
            }
        }

        return steps;
    }

    private static DiskStep Next(Random random, long size, long largest, QedGeometry geometry, long[] places)
    {
        StepKind kind = random.Next(100) switch
        {
            < 30 => StepKind.Read,
            < 66 => StepKind.Write,
            < 86 => StepKind.Zero,
            < 92 => StepKind.Flush,
            < 97 => StepKind.Resize,
            _ => StepKind.Reopen,
        };
        long offset = Place(random, geometry, places);
        if (kind == StepKind.Resize)
        {
            return new DiskStep(kind, Math.Clamp(offset, 0, largest) / 512 * 512, 0, 0);
        }

        offset = size == 0 ? 0 : Math.Clamp(offset, 0, size - 1);
        long length = Length(random, geometry);
        if (kind == StepKind.Zero && random.Next(6) == 0)
        {
            length = random.Next(2) == 0 ? size - offset : random.NextInt64(size + 1);
        }

        return new DiskStep(kind, offset, Math.Max(1, length), random.Next(1 << 20));
    }

    private static long Place(Random random, QedGeometry geometry, long[] places)
    {
        long place = places[random.Next(places.Length)];
        long cluster = geometry.ClusterSize;
        return random.Next(4) switch
        {
            0 => place + random.NextInt64(-3 * cluster, 3 * cluster),
            1 => place + (random.Next(-20, 20) * 512),
            2 => (place / cluster * cluster) + (random.Next(-6, 6) * cluster),
            _ => place + random.Next(-2000, 2000),
        };
    }

    private static long Length(Random random, QedGeometry geometry)
    {
        long cluster = geometry.ClusterSize;
        return random.Next(7) switch
        {
            0 => random.Next(1, 700),
            1 => 512 * random.Next(1, 20),
            2 => cluster,
            3 => cluster * random.Next(1, 6),
            4 => random.NextInt64(1, 6 * cluster),
            5 => random.NextInt64(1, 3 * cluster),
            _ => random.Next(1, 200 << 10),
        };
    }
}
