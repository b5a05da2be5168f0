using System;
using System.Runtime.InteropServices;

namespace QedTools.Disks;

/// <summary>Finds out whether data is worth storing.</summary>
internal static class ZeroScan
{
    /// <summary>Whether all bytes are zero.</summary>
    public static bool IsZero(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            if (word != 0)
            {
                return false;
            }
        }

        foreach (byte rest in data.Slice(words.Length * sizeof(ulong)))
        {
            if (rest != 0)
            {
                return false;
            }
        }

        return true;
    }
}
