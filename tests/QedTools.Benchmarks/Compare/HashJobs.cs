using System;
using System.IO;
using System.Security.Cryptography;

namespace QedTools.Benchmarks.Compare;

/// <summary>The hash of a disk's contents. qemu-img has none, so these jobs compare our own with what bounds them.</summary>
internal sealed class HashJobs(Session session)
{
    // What fits into a processor's cache, so that the plain hash is not slowed down by the memory.
    private const int BufferBytes = 256 << 10;

    // Small clusters: each block of zeroes costs the hash of its digest, whatever the disk is made of, and that is not to be measured here.
    private const int ClusterSize = 4 << 10;
    private const int TableSize = 16;

    /// <summary>All threads against one.</summary>
    public static Job Threads(Inputs inputs, long size)
    {
        string raw = FullDisk(inputs, size, out _);
        return new Job(
            $"Get-QedImageHash, {size >> 20} MiB of data, all threads against one",
            1 / 1.9,
            () => Hash(raw, workers: null),
            () => Hash(raw, workers: 1),
            (ours, theirs) => ours == theirs)
        {
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    /// <summary>One thread against the plain SHA-256 of as many bytes in memory.</summary>
    public static Job Plain(Inputs inputs, long size)
    {
        string raw = FullDisk(inputs, size, out byte[] data);
        return new Job(
            $"Get-QedImageHash, {size >> 20} MiB of data, one thread against SHA-256 of bytes in memory",
            1.15,
            () => Hash(raw, workers: 1),
            () =>
            {
                using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                for (long at = 0; at < size; at += data.Length)
                {
                    hash.AppendData(data);
                }

                return Convert.ToHexString(hash.GetHashAndReset());
            },
            (ours, theirs) => ours.Length == theirs.Length)
        {
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    /// <summary>An image whose clusters are all mapped and zero, against the comparison of two such images.</summary>
    public Job MappedZeroes(Inputs inputs, long clusters)
    {
        string path = inputs.MappedImage("mapped.qed", ClusterSize, TableSize, clusters, swaps: false);
        string other = inputs.MappedImage("other.qed", ClusterSize, TableSize, clusters, swaps: false);
        return new Job(
            $"Get-QedImageHash, {clusters:N0} mapped clusters of 4 KiB that are holes in the file, against Compare-QedImage of two such images",
            1,
            () => session.Run($"(Get-QedImageHash '{path}').VirtualSize -gt 0")[0].ToString(),
            () => session.Run($"(Compare-QedImage '{path}' '{other}').AreEqual")[0].ToString(),
            (ours, theirs) => ours == "True" && theirs == "True")
        {
            Units = clusters,
            Unit = "clusters",
        };
    }

    private static string FullDisk(Inputs inputs, long size, out byte[] piece)
    {
        string raw = inputs.PathOf("full.raw");
        piece = new byte[BufferBytes];
        new Random(1).NextBytes(piece);
        using FileStream file = File.Create(raw);
        for (long at = 0; at < size; at += piece.Length)
        {
            file.Write(piece);
        }

        return raw;
    }

    private static string Hash(string path, int? workers)
    {
        OrderedWork.Workers.Value = workers;
        try
        {
            return DiskHashing.Run(path, new DiskHashingOptions()).Hash;
        }
        finally
        {
            OrderedWork.Workers.Value = null;
        }
    }
}
