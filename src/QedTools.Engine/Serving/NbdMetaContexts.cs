using System;
using System.Collections.Generic;
using System.Text;

namespace QedTools.Serving;

/// <summary>The names of the kinds of facts about extents, and how a client asks for them.</summary>
internal static class NbdMetaContexts
{
    private const byte Colon = (byte)':';

    /// <summary>All that there are, with their names as the protocol has them.</summary>
    public static IReadOnlyList<(NbdContexts Context, byte[] Name)> All { get; } =
    [
        (NbdContexts.Allocation, Encoding.UTF8.GetBytes("base:allocation")),
        (NbdContexts.AllocationDepth, Encoding.UTF8.GetBytes("qemu:allocation-depth")),
    ];

    /// <summary>Those that a query means. What it does not know is ignored.</summary>
    /// <param name="query">A name, or the beginning of names up to their colon.</param>
    /// <param name="isList">Whether such a beginning means all names with it; otherwise it means none.</param>
    /// <param name="found">Those that it means.</param>
    /// <returns>False if it is not a query.</returns>
    public static bool TryFind(ReadOnlySpan<byte> query, bool isList, out NbdContexts found)
    {
        found = NbdContexts.None;
        int colon = query.IndexOf(Colon);
        if (colon <= 0)
        {
            return false;
        }

        bool isBeginning = colon == query.Length - 1;
        foreach ((NbdContexts context, byte[] name) in All)
        {
            if (isBeginning ? isList && name.AsSpan().StartsWith(query) : query.SequenceEqual(name))
            {
                found |= context;
            }
        }

        return true;
    }
}
