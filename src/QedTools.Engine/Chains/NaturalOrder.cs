using System;
using System.Collections.Generic;

namespace QedTools.Chains;

/// <summary>The order in which people expect paths: numbers by their value, so that vm2 comes before vm10, and files before those in folders beside them.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    /// <summary>The order.</summary>
    public static readonly NaturalOrder Instance = new();

    private NaturalOrder()
    {
    }

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> left = x.AsSpan();
        ReadOnlySpan<char> right = y.AsSpan();
        int i = 0;
        int j = 0;
        while (i < left.Length && j < right.Length)
        {
            int order;
            if (IsDigit(left[i]) && IsDigit(right[j]))
            {
                ReadOnlySpan<char> one = NumberAt(left, ref i);
                ReadOnlySpan<char> other = NumberAt(right, ref j);
                order = one.Length != other.Length ? one.Length - other.Length : one.SequenceCompareTo(other);
            }
            else
            {
                order = Rank(left[i++]).CompareTo(Rank(right[j++]));
            }

            if (order != 0)
            {
                return order;
            }
        }

        // Names that differ only in case or leading zeroes still need an order.
        int rest = (left.Length - i).CompareTo(right.Length - j);
        return rest != 0 ? rest : string.CompareOrdinal(x, y);
    }

    private static bool IsDigit(char character) => character is >= '0' and <= '9';

    // A separator comes before everything, so that a folder's files stay together.
    private static int Rank(char character) => character is '/' or '\\' ? -1 : char.ToUpperInvariant(character);

    // The digits without leading zeroes.
    private static ReadOnlySpan<char> NumberAt(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length - 1 && text[at] == '0' && IsDigit(text[at + 1]))
        {
            at++;
        }

        int start = at;
        while (at < text.Length && IsDigit(text[at]))
        {
            at++;
        }

        return text.Slice(start, at - start);
    }
}
