using System;
using System.IO;
using System.Text;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Makes images for the tests and checks them from outside.</summary>
internal static class TestImage
{
    /// <summary>Writes an empty image; unlike the engine's own, it may have a longer header.</summary>
    public static void Create(IStorage storage, QedGeometry geometry, long size, int headerSize = 1, BackingReference? backing = null)
    {
        byte[] name = Encoding.UTF8.GetBytes(backing?.Name ?? string.Empty);
        QedFeatures features = backing is { } reference
            ? QedFeatures.BackingFile | (reference.IsRaw ? QedFeatures.BackingFormatNoProbe : QedFeatures.None)
            : QedFeatures.None;
        QedHeader header = new(
            (uint)geometry.ClusterSize,
            (uint)geometry.TableSize,
            (uint)headerSize,
            features,
            CompatFeatures: 0,
            AutoclearFeatures: 0,
            L1TableOffset: (ulong)((long)headerSize * geometry.ClusterSize),
            (ulong)size,
            BackingNameOffset: name.Length > 0 ? QedHeader.Size : 0u,
            (uint)name.Length);
        byte[] bytes = new byte[QedHeader.Size];
        header.WriteTo(bytes);
        storage.SetLength(((long)headerSize * geometry.ClusterSize) + geometry.TableBytes);
        storage.Write(0, bytes);
        storage.Write(QedHeader.Size, name);
    }

    /// <summary>Opens an image for writing.</summary>
    public static QedImage OpenForWriting(IStorage storage)
    {
        QedImage image = QedImage.Open(storage);
        image.BeginWriting(progress: null, CancellationToken.None);
        return image;
    }

    /// <summary>Closes an image, as a caller that needs to know of any error does.</summary>
    public static void Close(QedImage image)
    {
        try
        {
            image.EndWriting();
        }
        finally
        {
            image.Dispose();
        }
    }

    /// <summary>Checks the image that a storage holds, without closing the storage.</summary>
    public static QedCheckResult Check(IStorage storage) =>
        ImageChecker.Check(QedImage.Open(new ReadOnlyStorage(storage)).File, progress: null, CancellationToken.None);

    /// <summary>Fails unless the image is valid and has neither leaks nor the need-check bit.</summary>
    public static QedCheckResult AssertClean(IStorage storage)
    {
        QedCheckResult check = Check(storage);
        Assert.True(
            check.Status == QedCheckStatus.Clean && !check.NeedsCheck,
            $"The check says {check.Status}, {check.LeakedClusters} leaked clusters, need-check bit {check.NeedsCheck}, {string.Join("; ", check.Corruptions)}.");
        return check;
    }

    /// <summary>Writes a storage to a file, with its holes.</summary>
    public static void Save(IStorage storage, string path)
    {
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(storage.Length);
        for (long at = 0; at < storage.Length;)
        {
            StorageRange range = storage.RangeAt(at, Math.Min(storage.Length - at, 1 << 20));
            if (!range.IsHole)
            {
                byte[] bytes = new byte[range.Length];
                Assert.Equal(bytes.Length, storage.Read(at, bytes));
                file.Position = at;
                file.Write(bytes);
            }

            at += range.Length;
        }
    }
}
