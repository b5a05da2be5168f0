using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace QedTools.Benchmarks.Compare;

/// <summary>The files that the jobs work on, created in a temporary folder; the same bytes in every run.</summary>
internal sealed class Inputs : IDisposable
{
    private const int Seed = 20100;

    private readonly Stack<Action> _kept = [];

    public Inputs() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "qedtools-bench-" + Guid.NewGuid().ToString("N"));

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Keeps something that uses the files, such as a server, until <see cref="Release"/>.</summary>
    /// <param name="end">Ends it.</param>
    public void Keep(Action end) => _kept.Push(end);

    /// <summary>Ends what uses the files.</summary>
    public void Release()
    {
        while (_kept.TryPop(out Action? end))
        {
            end();
        }
    }

    public void Dispose()
    {
        Release();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>An image whose tables are real and whose data is a hole.</summary>
    /// <param name="name">The file name.</param>
    /// <param name="clusterSize">The cluster size, in bytes.</param>
    /// <param name="tableSize">The table size, in clusters.</param>
    /// <param name="clusters">The number of mapped clusters, from the start of the disk.</param>
    /// <param name="swaps">Whether neighbours are swapped, so that each cluster is a separate extent.</param>
    public string MappedImage(string name, int clusterSize, int tableSize, long clusters, bool swaps)
    {
        string path = PathOf(name);
        long entriesPerTable = (long)clusterSize * tableSize / 8;
        long tables = (clusters + entriesPerTable - 1) / entriesPerTable;
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        ulong[] l1 = new ulong[tables];
        long position = clusterSize * (1L + tableSize);
        for (long table = 0; table < tables; table++)
        {
            long count = Math.Min(entriesPerTable, clusters - (table * entriesPerTable));
            ulong[] entries = new ulong[count];
            long data = position + ((long)tableSize * clusterSize);
            for (long i = 0; i < count; i++)
            {
                long place = swaps ? Math.Min(i ^ 1, count - 1) : i;
                entries[i] = (ulong)(data + ((swaps && (count % 2 == 1) && i == count - 1 ? i : place) * clusterSize));
            }

            l1[table] = (ulong)position;
            file.Position = position;
            file.Write(MemoryMarshal.AsBytes<ulong>(entries));
            position = data + (count * clusterSize);
        }

        file.Position = clusterSize;
        file.Write(MemoryMarshal.AsBytes<ulong>(l1));
        file.Position = 0;
        file.Write(Header(clusterSize, tableSize, clusters * clusterSize));
        file.SetLength(position);
        return path;
    }

    /// <summary>A QED image with data in one half of its disk.</summary>
    /// <param name="name">The file name.</param>
    /// <param name="bytes">How much data, in bytes: whole clusters of 64 KiB.</param>
    /// <param name="isScattered">Whether every second cluster holds data, and they are in the file in random order; otherwise the first half of the
    /// disk is one extent.</param>
    public string HalfMappedImage(string name, long bytes, bool isScattered)
    {
        const int ClusterSize = 64 << 10;
        const int EntriesPerTable = 4 * ClusterSize / 8;
        string path = PathOf(name);
        Random random = new(Seed);
        int clusters = (int)(bytes / ClusterSize);
        int tables = ((2 * clusters) + EntriesPerTable - 1) / EntriesPerTable;
        long firstTable = 5 * ClusterSize;
        long firstData = firstTable + (tables * 4L * ClusterSize);
        int[] order = new int[clusters];
        for (int i = 0; i < clusters; i++)
        {
            order[i] = i;
        }

        if (isScattered)
        {
            random.Shuffle(order);
        }

        ulong[] l1 = new ulong[tables];
        ulong[] l2 = new ulong[tables * EntriesPerTable];
        for (int i = 0; i < tables; i++)
        {
            l1[i] = (ulong)(firstTable + (i * 4L * ClusterSize));
        }

        for (int i = 0; i < clusters; i++)
        {
            l2[isScattered ? 2 * i : i] = (ulong)(firstData + ((long)order[i] * ClusterSize));
        }

        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        file.Write(Header(ClusterSize, 4, 2 * bytes));
        file.Position = ClusterSize;
        file.Write(MemoryMarshal.AsBytes<ulong>(l1));
        file.Position = firstTable;
        file.Write(MemoryMarshal.AsBytes<ulong>(l2));
        file.Position = firstData;
        byte[] data = new byte[ClusterSize];
        random.NextBytes(data);
        for (int i = 0; i < clusters; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(data, i + 1);
            file.Write(data);
        }

        file.Flush(flushToDisk: true);
        return path;
    }

    /// <summary>
    /// A raw disk. About a quarter of it is data, scattered in pieces of 4 KiB to 4 MiB; the rest is holes or stored zeroes.
    /// With more data in 4 GiB, hosts of the usual size would begin to throttle writers, and the test would measure the disk.
    /// </summary>
    public string ScatteredRaw(string name, long size, bool storesZeroes)
    {
        string path = PathOf(name);
        Random random = new(Seed);
        int[] pieces = [4 << 10, 8 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
        byte[] data = new byte[4 << 20];
        byte[] zeroes = new byte[4 << 20];
        random.NextBytes(data);
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        file.SetLength(size);
        for (long at = 0; at < size;)
        {
            int count = (int)Math.Min(pieces[random.Next(pieces.Length)], size - at);
            bool isData = random.Next(4) == 0;
            if (isData || storesZeroes)
            {
                file.Position = at;
                if (isData)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(data, at + 1);
                }

                file.Write(isData ? data : zeroes, 0, count);
            }

            at += count;
        }

        return path;
    }

    /// <summary>
    /// A raw disk of what compression meets: text, tables of numbers, noise as of files that are compressed already, and a quarter holes, in
    /// stretches from 64 KiB to 1 MiB.
    /// </summary>
    public string MixedRaw(string name, long size)
    {
        string path = PathOf(name);
        Random random = new(Seed);
        byte[] data = new byte[1 << 20];
        byte[][] words = Words(random);
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        file.SetLength(size);
        for (long at = 0; at < size;)
        {
            Span<byte> part = data.AsSpan(0, (int)Math.Min(random.Next(1, 17) << 16, size - at));
            switch (random.Next(8))
            {
                case 0 or 1:
                    at += part.Length;
                    continue;
                case 2:
                    random.NextBytes(part);
                    break;
                case 3 or 4:
                    FillWithNumbers(random, part);
                    break;
                default:
                    FillWithWords(random, words, part);
                    break;
            }

            file.Position = at;
            file.Write(part);
            at += part.Length;
        }

        return path;
    }

    // 5,000 words of three letters to twelve, some of them far more frequent than others, as in a language.
    private static byte[][] Words(Random random)
    {
        byte[][] words = new byte[5000][];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = new byte[4 + (i % 10)];
            for (int at = 0; at < words[i].Length - 1; at++)
            {
                words[i][at] = (byte)random.Next('a', 'z' + 1);
            }

            words[i][^1] = (byte)' ';
        }

        return words;
    }

    private static void FillWithWords(Random random, byte[][] words, Span<byte> part)
    {
        while (part.Length > 0)
        {
            byte[] word = words[(int)(words.Length * Math.Pow(random.NextDouble(), 3))];
            int count = Math.Min(word.Length, part.Length);
            word.AsSpan(0, count).CopyTo(part);
            part = part[count..];
        }
    }

    // Records of 16 bytes: a counter, a small number, flags.
    private static void FillWithNumbers(Random random, Span<byte> part)
    {
        long counter = random.Next();
        for (int at = 0; at + 16 <= part.Length; at += 16)
        {
            BinaryPrimitives.WriteInt64LittleEndian(part[at..], counter += random.Next(1, 50));
            BinaryPrimitives.WriteInt32LittleEndian(part[(at + 8)..], random.Next(5000));
            BinaryPrimitives.WriteInt32LittleEndian(part[(at + 12)..], 1 << random.Next(4));
        }
    }

    private static byte[] Header(int clusterSize, int tableSize, long virtualSize)
    {
        byte[] header = new byte[64];
        "QED\0"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), clusterSize);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), tableSize);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), 1);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), clusterSize);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), virtualSize);
        return header;
    }
}
