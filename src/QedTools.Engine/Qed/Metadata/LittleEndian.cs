using System;
using System.Buffers.Binary;

namespace QedTools.Qed.Metadata;

/// <summary>The byte order of table entries on disk.</summary>
internal static class LittleEndian
{
    /// <summary>Turns entries from the disk's byte order into the machine's, or back; nothing to do on most machines.</summary>
    public static void Convert(Span<ulong> entries)
    {
        if (BitConverter.IsLittleEndian)
        {
            return;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = BinaryPrimitives.ReverseEndianness(entries[i]);
        }
    }
}
