using System;

namespace QedTools.Qed.Metadata;

/// <summary>Finds how far runs of table entries go.</summary>
internal static class EntryScan
{
    /// <summary>How many entries from the first on have the value of the first.</summary>
    public static int CountEqual(ReadOnlySpan<ulong> entries)
    {
        ulong value = entries[0];
        int count = 1;
        while (count < entries.Length && entries[count] == value)
        {
            count++;
        }

        return count;
    }

    /// <summary>How many entries from the first on are each <paramref name="step"/> more than the one before.</summary>
    public static int CountContiguous(ReadOnlySpan<ulong> entries, uint step)
    {
        ulong expected = entries[0];
        int count = 1;
        while (count < entries.Length && entries[count] == (expected += step))
        {
            count++;
        }

        return count;
    }
}
