using System;
using System.IO;
using QedTools.Storage;

namespace QedTools.Tests.DataPlane;

/// <summary>Raw files for conversions, and how much of a file is really there.</summary>
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

    /// <summary>How many bytes of a file are no hole; rounded as the host keeps them.</summary>
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

    /// <summary>Whether the host keeps holes in files of a folder.</summary>
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
