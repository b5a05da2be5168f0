using System;
using System.Buffers.Binary;
using System.IO;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Tests.Operations;

/// <summary>Makes and changes image files without applying any policy, as images from other programs might be.</summary>
internal static class ImageFiles
{
    public const int CompatFeaturesAt = 24;
    public const int AutoclearFeaturesAt = 32;
    public const int FeaturesAt = 16;

    /// <summary>
    /// Makes an empty image, by default of 1 MiB, with 4 KiB clusters and tables of 2 clusters; the backing file need not exist.
    /// </summary>
    public static string Make(string path, string? backing = null, bool isRaw = false, long size = 1 << 20)
    {
        using NewFile file = NewFile.Create(path, replace: true);
        QedImage.Create(file.Storage, new QedGeometry(4096, 2), size, backing is null ? null : new BackingReference(backing, isRaw));
        file.Commit();
        return path;
    }

    /// <summary>Overwrites 8 bytes of a file.</summary>
    public static void Patch(string path, long offset, ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        using FileStream stream = File.OpenWrite(path);
        stream.Position = offset;
        stream.Write(bytes);
    }

    /// <summary>Reads 8 bytes of a file.</summary>
    public static ulong Peek(string path, long offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(File.ReadAllBytes(path).AsSpan((int)offset));

    /// <summary>
    /// Sets a file's last write time to long ago and returns its bytes and that time; they stay equal if nothing is written.
    /// </summary>
    public static (string Contents, DateTime Changed) Mark(string path)
    {
        DateTime longAgo = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, longAgo);
        return (Convert.ToHexString(File.ReadAllBytes(path)), longAgo);
    }

    /// <summary>A file's bytes and last write time; equal to what <see cref="Mark"/> returned if the file was left alone.</summary>
    public static (string Contents, DateTime Changed) State(string path) =>
        (Convert.ToHexString(File.ReadAllBytes(path)), File.GetLastWriteTimeUtc(path));
}
