using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace QedTools.Disks;

/// <summary>Finds how far runs of table entries go, several entries at a time.</summary>
/// <remarks>The first entry's value is passed in, because a concurrent writer may change it.</remarks>
internal static class EntryScan
{
    /// <summary>The number of entries, from the first on, with the value <paramref name="value"/>, which the first one had.</summary>
    public static int CountEqual<T>(ReadOnlySpan<T> entries, T value)
        where T : unmanaged, IEquatable<T>
    {
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(entries.Slice(1));
        Vector<T> wanted = new(value);
        int whole = 0;
        while (whole < vectors.Length && Vector.EqualsAll(vectors[whole], wanted))
        {
            whole++;
        }

        int count = 1 + (whole * Vector<T>.Count);
        while (count < entries.Length && entries[count].Equals(value))
        {
            count++;
        }

        return count;
    }

    /// <summary>The number of entries, from the first on, that are each <paramref name="step"/> more than the one before.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="value">The value that the first entry had.</param>
    /// <param name="step">The difference.</param>
    public static int CountContiguous(ReadOnlySpan<ulong> entries, ulong value, uint step)
    {
        if (entries.Length == 1 || entries[1] != unchecked(value + step))
        {
            return 1;
        }

        // Each entry against the one before it; the vectors overlap by all but one entry.
        ReadOnlySpan<Vector<ulong>> before = MemoryMarshal.Cast<ulong, Vector<ulong>>(entries.Slice(1));
        ReadOnlySpan<Vector<ulong>> after = MemoryMarshal.Cast<ulong, Vector<ulong>>(entries.Slice(2));
        Vector<ulong> steps = new(step);
        int whole = 0;
        while (whole < after.Length && Vector.EqualsAll(after[whole] - before[whole], steps))
        {
            whole++;
        }

        int count = 2 + (whole * Vector<ulong>.Count);
        ulong expected = unchecked(value + ((ulong)(count - 1) * step));
        while (count < entries.Length && entries[count] == (expected = unchecked(expected + step)))
        {
            count++;
        }

        return count;
    }
}
