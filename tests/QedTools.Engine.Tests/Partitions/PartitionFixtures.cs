using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using QedTools.Chains;
using QedTools.Tests.Support;

namespace QedTools.Tests.Partitions;

/// <summary>The fixtures in partitions/: the beginnings of disks and file systems, and what other programs say about them.</summary>
internal static class PartitionFixtures
{
    /// <summary>The rows of a table, by the names of its columns.</summary>
    public static IReadOnlyList<Dictionary<string, string>> Rows(string table)
    {
        string[] lines = File.ReadAllLines(Fixture.PathOf("partitions/" + table));
        string[] columns = lines[0].Split('\t');
        return [.. lines.Skip(1).Select(line => columns.Zip(line.Split('\t')).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    /// <summary>An image, as long as it was.</summary>
    public static MemoryStorage Open(string file, long size)
    {
        MemoryStorage storage = MemoryStorage.Of(file, Bytes(file));
        storage.SetLength(size);
        return storage;
    }

    /// <summary>What is stored of an image.</summary>
    public static byte[] Bytes(string file)
    {
        using GZipStream packed = new(File.OpenRead(Fixture.PathOf($"partitions/{file}.gz")), CompressionMode.Decompress);
        using MemoryStream bytes = new();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>A file as a disk.</summary>
    public static CountedDisk DiskOf(MemoryStorage storage) => new(DiskFormats.Raw.Open(storage).ToDisk(backing: null));

    /// <summary>A number of a table; null if it is not given.</summary>
    public static long? NumberOf(string text) => text.Length == 0 ? null : long.Parse(text, CultureInfo.InvariantCulture);
}
