using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.Reliability;

/// <summary>Makes and reads the images of a <see cref="MemoryHost"/>, as operations see them.</summary>
internal static class Images
{
    public const int ClusterSize = 4096;

    /// <summary>Bytes that differ between sectors and between seeds.</summary>
    public static byte[] Pattern(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Makes an empty image.</summary>
    public static void Make(
        MemoryHost host, string name, long size, int tableSize = 2, BackingReference? backing = null)
    {
        host.Put(name, [0]);
        host.Do(() =>
        {
            using IStorage storage = HostFiles.Open(host.PathOf(name), StorageAccess.Write);
            storage.SetLength(0);
            QedImage.Create(storage, new QedGeometry(ClusterSize, tableSize), size, backing);
        });
    }

    /// <summary>Writes to an image through the engine and closes it cleanly.</summary>
    public static void Change(MemoryHost host, string name, Action<IDisk> change) => host.Do(() =>
    {
        using BackingChain chain = BackingChain.OpenAll(
            host.PathOf(name), DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, AllowUnc: false));
        chain.Layers[0].BeginWriting(progress: null, CancellationToken.None);
        change(chain.ToDisk());
        chain.Close();
    });

    /// <summary>Writes data to some clusters all over an image and closes it cleanly.</summary>
    public static void Scatter(MemoryHost host, string name, int seed, int pieces) => Change(host, name, disk =>
    {
        Random random = new(seed);
        for (int i = 0; i < pieces; i++)
        {
            byte[] data = new byte[random.Next(1, 3) * ClusterSize];
            random.NextBytes(data);
            disk.Write(random.NextInt64((disk.Length - data.Length) / ClusterSize) * ClusterSize, data);
        }
    });

    /// <summary>Writes data to single clusters all over an image but to the first, in random order, and closes it cleanly.</summary>
    public static void Shuffle(MemoryHost host, string name, int seed, int clusters) => Change(host, name, disk =>
    {
        Random random = new(seed);
        int[] order = [.. Enumerable.Range(1, (int)(disk.Length / ClusterSize) - 1)];
        random.Shuffle(order);
        foreach (int cluster in order.Take(clusters))
        {
            byte[] data = new byte[ClusterSize];
            random.NextBytes(data);
            disk.Write(cluster * (long)ClusterSize, data);
        }
    });

    /// <summary>The contents of a disk, through all its layers.</summary>
    /// <exception cref="QedException">A layer cannot be opened, or an entry is damaged.</exception>
    public static byte[] Read(MemoryHost host, string name) => host.Do(() =>
    {
        using BackingChain chain = Open(host, name);
        IDisk disk = chain.ToDisk();
        byte[] contents = new byte[disk.Length];
        disk.Read(0, contents);
        return contents;
    });

    /// <summary>The same, as far as it can be read.</summary>
    /// <param name="host">Holds the files.</param>
    /// <param name="name">The image.</param>
    /// <param name="unreadable">The clusters that could not be read, which are zeroes in the result.</param>
    public static byte[] ReadWhatCanBeRead(MemoryHost host, string name, out HashSet<long> unreadable)
    {
        HashSet<long> bad = [];
        byte[] result = host.Do(() =>
        {
            using BackingChain chain = Open(host, name);
            IDisk disk = chain.ToDisk();
            byte[] contents = new byte[disk.Length];
            for (int at = 0; at < contents.Length; at += ClusterSize)
            {
                try
                {
                    disk.Read(at, contents.AsSpan(at, Math.Min(ClusterSize, contents.Length - at)));
                }
                catch (QedCorruptException)
                {
                    bad.Add(at / ClusterSize);
                }
            }

            return contents;
        });
        unreadable = bad;
        return result;
    }

    /// <summary>
    /// Whether a power cut may leave this corruption: unflushed data may be missing from the file, entirely or in part, and a disk that already
    /// has its new size may still have data past its end.
    /// </summary>
    public static bool IsLeftByPowerCut(QedCorruption corruption) => corruption.Kind switch
    {
        QedCorruptionKind.OutsideFile or QedCorruptionKind.CutShort => corruption.L2Index is not null,
        QedCorruptionKind.BeyondVirtualSize => true,
        _ => false,
    };

    /// <summary>Checks an image that was intact before a crash, repairs it, and makes sure that it is clean afterwards.</summary>
    /// <param name="host">Holds the files.</param>
    /// <param name="name">The image.</param>
    /// <param name="withBackup">Whether the repair makes a backup of what it changes.</param>
    /// <param name="wasDamaged">Whether it was damaged or had leaks before.</param>
    public static void RequireRepairable(MemoryHost host, string name, bool withBackup, bool wasDamaged = false)
    {
        string path = host.PathOf(name);
        QedCheckResult check = host.Do(() => ImageCheck.Run(path, new ImageCheckOptions { ForceShare = true }));
        if (!wasDamaged)
        {
            if (check.Corruptions.FirstOrDefault(c => !IsLeftByPowerCut(c)) is { } worse)
            {
                throw new ViolationException($"The check of '{name}' finds {worse}.");
            }

            if (!check.NeedsCheck && check.Status != QedCheckStatus.Clean && !host.AllowsLeaks)
            {
                throw new ViolationException($"The header of '{name}' says clean, but the check says {check.Status}.");
            }
        }

        if (check.NeedsCheck || check.Status != QedCheckStatus.Clean)
        {
            QedRepairResult repair = host.Do(() => ImageRepair.Run(path, new ImageRepairOptions { NoBackup = !withBackup }));
            if (repair.After.Status != QedCheckStatus.Clean || repair.After.NeedsCheck)
            {
                throw new ViolationException($"The repair of '{name}' leaves it {repair.After.Status}.");
            }

            check = host.Do(() => ImageCheck.Run(path, new ImageCheckOptions()));
        }

        if (check.Status != QedCheckStatus.Clean || check.NeedsCheck)
        {
            throw new ViolationException($"After the repair the check of '{name}' says {check.Status}, need-check {check.NeedsCheck}.");
        }
    }

    /// <summary>Fails unless a disk reads as expected, both as it is and after a repair.</summary>
    public static void RequireReads(MemoryHost host, string name, byte[] expected, bool withBackup)
    {
        RequireEqual(expected, Read(host, name), $"'{name}' before the repair");
        RequireRepairable(host, name, withBackup);
        RequireEqual(expected, Read(host, name), $"'{name}' after the repair");
    }

    /// <summary>Fails unless two disks have the same contents.</summary>
    public static void RequireEqual(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        if (expected.Length != actual.Length)
        {
            throw new ViolationException($"{what}: {actual.Length} bytes instead of {expected.Length}.");
        }

        int same = expected.CommonPrefixLength(actual);
        if (same < expected.Length)
        {
            throw new ViolationException($"{what}: the byte at {same} is {actual[same]:x2} instead of {expected[same]:x2}.");
        }
    }

    /// <summary>
    /// Fails unless two images are identical; if there are only leaks, the leaked clusters may differ, because nothing refers to them.
    /// </summary>
    public static void RequireSameUse(byte[] expected, byte[] actual, string what)
    {
        MemoryStorage storage = new();
        storage.SetLength(expected.Length);
        storage.Write(0, expected);
        using QedImage image = QedImage.Open(storage);
        ImageSurvey survey = ImageChecker.Survey(image.File, progress: null, CancellationToken.None);
        if (survey.Result.Status == QedCheckStatus.Leaks && expected.Length == actual.Length)
        {
            (expected, actual) = ([.. expected], [.. actual]);
            for (long at = image.Header.HeaderBytes; at < image.File.Layout.AddressableBytes; at += image.Header.Geometry.ClusterSize)
            {
                if (!survey.IsUsed(image.Header.Geometry.ClusterAt(at)))
                {
                    expected.AsSpan((int)at, image.Header.Geometry.ClusterSize).Clear();
                    actual.AsSpan((int)at, image.Header.Geometry.ClusterSize).Clear();
                }
            }
        }

        RequireEqual(expected, actual, what);
    }

    private static BackingChain Open(MemoryHost host, string name) => BackingChain.OpenAll(
        host.PathOf(name),
        name.EndsWith(".qed", StringComparison.Ordinal) ? DiskFormats.Qed : null,
        new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
}
