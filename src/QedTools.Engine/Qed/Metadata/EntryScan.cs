using System;

namespace QedTools.Qed.Metadata;

/// <summary>Finds how far runs of table entries go.</summary>
/// <remarks>The first entry's value is handed in: a writer beside this reader may change it meanwhile.</remarks>
internal static class EntryScan
{
    /// <summary>How many entries from the first on have the value <paramref name="value"/>, which the first one had.</summary>
    public static int CountEqual(ReadOnlySpan<ulong> entries, ulong value)
    {
        int count = 1;
        while (count < entries.Length && entries[count] == value)
        {
            count++;
        }

        return count;
    }

    /// <summary>How many entries from the first on, which was <paramref name="value"/>, are each <paramref name="step"/> more than the one before.</summary>
    public static int CountContiguous(ReadOnlySpan<ulong> entries, ulong value, uint step)
    {
        ulong expected = value;
        int count = 1;
        while (count < entries.Length && entries[count] == (expected += step))
        {
            count++;
        }

        return count;
    }
}
