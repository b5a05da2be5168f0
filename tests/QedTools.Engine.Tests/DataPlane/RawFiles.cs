using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>Raw files for conversions, and how much of a file is really stored.</summary>
internal static class RawFiles
{
    /// <summary>Writes a raw file with scattered data and holes between, and returns its contents.</summary>
    public static byte[] Scattered(string path, int length, int seed, int pieces)
    {
        Random random = new(seed);
        byte[] content = new byte[length];
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(length);
        for (int i = 0; i < pieces; i++)
        {
            int offset = random.Next(length) / 4096 * 4096;
            byte[] data = new byte[Math.Min(length - offset, 4096 * random.Next(1, 6))];
            random.NextBytes(data);
            data.CopyTo(content, offset);
            file.Position = offset;
            file.Write(data);
        }

        return content;
    }

    /// <summary>Writes a raw file with <see cref="Pieces"/> of data and holes between; a count of -1 fills the file with data.</summary>
    public static void OfPieces(string path, long length, int count)
    {
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(length);
        if (count < 0)
        {
            file.Write(DiskBytes.Random(1, (int)length));
            return;
        }

        foreach ((long offset, int size, byte value) in Pieces(length, count))
        {
            byte[] data = new byte[size];
            Array.Fill(data, value);
            file.Position = offset;
            file.Write(data);
        }
    }

    /// <summary>
    /// Pieces filled with one value each, among them the first sector, the last one, and ranges across the ends of blocks, chunks,
    /// clusters and tables.
    /// </summary>
    public static IEnumerable<(long Offset, int Length, byte Value)> Pieces(long size, int count)
    {
        Random random = new(count);
        for (int i = 0; i < count; i++)
        {
            long offset = i switch
            {
                0 => 0,
                1 => size - 512,
                4 => (512L << 20) - 1024, // a table of qcow2 with clusters of 64 KiB ends there,
                5 => (4L << 30) - 1024, // and a chunk of VHDX with blocks of 1 MiB
                _ when i % 3 == 0 => (random.NextInt64(Math.Max(1, size >> 20)) << 20) - 512,
                _ => random.NextInt64(size / 512) * 512,
            };
            offset = Math.Clamp(offset, 0, size - 512);
            yield return (offset, (int)Math.Min(size - offset, random.Next(1, 40) * 512L), (byte)(i + 1));
        }
    }

    /// <summary>The number of bytes of a file that are not in holes, rounded to the host's blocks.</summary>
    public static long DataBytes(string path)
    {
        using FileStorage storage = FileStorage.Open(path, StorageAccess.Inspect);
        long data = 0;
        for (long at = 0; at < storage.Length;)
        {
            StorageRange range = storage.RangeAt(at, storage.Length - at);
            data += range.IsHole ? 0 : range.Length;
            at += range.Length;
        }

        return data;
    }

    /// <summary>Whether the host supports sparse files in a folder.</summary>
    public static bool AreSparseIn(string folder)
    {
        string path = System.IO.Path.Combine(folder, "sparse-" + Guid.NewGuid().ToString("N"));
        using (FileStream file = new(path, FileMode.CreateNew))
        {
            file.SetLength(1 << 20);
        }

        bool isSparse = DataBytes(path) == 0;
        File.Delete(path);
        return isSparse;
    }
}
