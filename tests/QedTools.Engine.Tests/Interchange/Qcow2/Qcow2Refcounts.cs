using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>
/// Counts the references to each cluster of a new file independently and compares the counts with the file's refcounts, as qemu-img
/// check does.
/// </summary>
internal static class Qcow2Refcounts
{
    private const ulong OffsetMask = 0x00FF_FFFF_FFFF_FE00;

    /// <summary>
    /// Fails unless every cluster of the file is referred to exactly as often as its refcount says, and none is left over.
    /// </summary>
    public static void AssertRight(IStorage storage)
    {
        int bits = (int)Read32(storage, 20);
        int size = 1 << bits;
        Assert.Equal(0, storage.Length % size);
        Dictionary<long, int> references = [];
        Refer(0);
        long l1 = (long)Read64(storage, 40);
        uint l1Size = Read32(storage, 36);
        for (long at = l1; at < l1 + (8L * l1Size); at += size)
        {
            Refer(at);
        }

        foreach (ulong table in Entries(storage, l1, l1Size))
        {
            if (table == 0)
            {
                continue;
            }

            Assert.Equal(1UL << 63, table & ~OffsetMask);
            Refer((long)(table & OffsetMask));
            foreach (ulong entry in Entries(storage, (long)(table & OffsetMask), size / 8))
            {
                if (entry >> 62 == 1)
                {
                    // "Compressed Clusters Descriptor": the offset has as many bits as the number of further sectors leaves.
                    int offsetBits = 62 - (bits - 8);
                    long first = (long)(entry & ((1UL << offsetBits) - 1)) / 512;
                    long last = first + (long)((entry & ((1UL << 62) - 1)) >> offsetBits);
                    for (long cluster = first * 512 / size; cluster <= last * 512 / size; cluster++)
                    {
                        Refer(cluster * size);
                    }
                }
                else if (entry > 1)
                {
                    Assert.Equal(1UL << 63, entry & ~OffsetMask);
                    Refer((long)(entry & OffsetMask));
                }
            }
        }

        long counts = (long)Read64(storage, 48);
        uint clusters = Read32(storage, 56);
        Dictionary<long, int> found = [];
        for (uint i = 0; i < clusters; i++)
        {
            Refer(counts + ((long)i * size));
        }

        ulong[] blocks = Entries(storage, counts, (long)clusters * size / 8);
        for (long i = 0; i < blocks.Length; i++)
        {
            long block = (long)blocks[i];
            if (block == 0)
            {
                continue;
            }

            Refer(block);
            byte[] bytes = new byte[size];
            Assert.Equal(size, storage.Read(block, bytes));
            for (int j = 0; j < size / 2; j++)
            {
                int count = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2 * j));
                if (count != 0)
                {
                    found.Add((i * (size / 2)) + j, count);
                }
            }
        }

        Assert.Equal(references, found);
        Assert.Equal(storage.Length / size, found.Count);

        void Refer(long offset)
        {
            Assert.Equal(0, offset % size);
            references[offset / size] = references.GetValueOrDefault(offset / size) + 1;
        }
    }

    private static ulong[] Entries(IStorage storage, long offset, long count)
    {
        byte[] bytes = new byte[8 * count];
        Assert.Equal(bytes.Length, storage.Read(offset, bytes));
        ulong[] entries = new ulong[count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8 * i));
        }

        return entries;
    }

    private static ulong Read64(IStorage storage, long offset) => Entries(storage, offset, 1)[0];

    private static uint Read32(IStorage storage, long offset) => (uint)(Read64(storage, offset) >> 32);
}
