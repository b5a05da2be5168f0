using System;
using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>What is written to disks, and what they read as.</summary>
internal static class DiskBytes
{
    /// <summary>Incompressible bytes, always the same ones for a seed.</summary>
    public static byte[] Random(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A part of a disk.</summary>
    public static byte[] Read(IDisk disk, long offset, int length)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, (byte)0xCC); // so that a byte that Read does not set is not zero by chance
        disk.Read(offset, bytes);
        return bytes;
    }

    /// <summary>All of a disk.</summary>
    public static byte[] Of(IDisk disk) => Read(disk, 0, checked((int)disk.Length));

    /// <summary>All of the disk that a file and its backing files make up.</summary>
    public static byte[] OfFile(string path)
    {
        using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The extents of a whole disk.</summary>
    public static DiskExtent[] Extents(IDisk disk) => [.. ExtentWalk.Over(disk, 0, disk.Length, TestContext.Current.CancellationToken)];
}
