using System;
using System.IO;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools;

/// <summary>The most space that a repair needs. It is never less than what the repair takes.</summary>
/// <param name="ImageBytes">How much the image can grow, in bytes, before its unused clusters are freed.</param>
/// <param name="BackupBytes">How large the backup can become, in bytes; 0 without one.</param>
internal readonly record struct RepairSpace(long ImageBytes, long BackupBytes)
{
    /// <summary>How much longer the image's file becomes at most, in bytes; what moves into its holes takes space without making it longer.</summary>
    public long AppendedBytes { get; private init; }

    // A record's header is less than a 64th of the smallest cluster; the rest is the backup's header and the image's first block.
    private const int RecordShare = 64;
    private const long FixedBackupBytes = 16 << 10;

    /// <summary>The sum of both, in bytes; saturates.</summary>
    public long TotalBytes => Sum(ImageBytes, BackupBytes);

    /// <summary>The space needed to repair tables and then to pack the image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="repairs">What the repair does to it.</param>
    /// <param name="saves">Whether a backup is made.</param>
    public static RepairSpace ForTables(QedImage image, TableRepairs repairs, bool saves)
    {
        QedGeometry geometry = image.Header.Geometry;
        long copied = Product(repairs.CopiedClusters, geometry.ClusterSize);
        long growth = Sum(copied, repairs.PaddedBytes);
        if (copied > 0)
        {
            growth = Sum(growth, geometry.ClusterEnd(image.Storage.Length) - image.Storage.Length);
        }

        long appended = growth;
        bool packs = repairs.LeakedBytes > 0;
        if (packs)
        {
            // What moves into holes: at most what is in use by then, including copies. Also a table that is moved by way of the end of the file.
            long holes = Math.Max(0, image.Storage.Length - image.Storage.AllocatedBytes);
            growth = Sum(growth, Sum(Math.Min(holes, Math.Min(repairs.LeakedBytes, Sum(repairs.UsedBytes, copied))), geometry.TableBytes));
        }

        // Free clusters that something moves into, and what is cut off after them.
        long saved = Sum(packs ? repairs.TableBytes : repairs.ChangedTableBytes, repairs.LeakedBytes);
        saved = Sum(saved, Sum(Math.Max(0, repairs.LeakedBytes - copied), geometry.ClusterSize));
        return new RepairSpace(growth, saves ? BackupOf(image, saved, repairs.LeakedBytes) : 0) { AppendedBytes = appended };
    }

    /// <summary>The space needed to pack an image that has only leaks.</summary>
    /// <param name="image">The image.</param>
    /// <param name="survey">What of it is in use.</param>
    /// <param name="saves">Whether a backup is made.</param>
    public static RepairSpace ForLeaks(QedImage image, ImageSurvey survey, bool saves)
    {
        // Leaked clusters are not saved, only what moves into them.
        QedGeometry geometry = image.Header.Geometry;
        long saved = Sum(geometry.BytesOf(survey.Tables.Count), Sum(survey.Result.LeakedBytes, geometry.ClusterSize));
        return new RepairSpace(new PackingPlan(image, survey).RequiredBytes(), saves ? BackupOf(image, saved, survey.Result.LeakedBytes) : 0);
    }

    /// <summary>Makes sure that there is that much space.</summary>
    /// <param name="file">The image's file.</param>
    /// <param name="action">The operation, as a verb: "repair".</param>
    /// <exception cref="QedDiskFullException">There is less.</exception>
    public void Require(IStorage file, string action = "repair")
    {
        // A file cannot be longer than 63 bits can count, however large the disk is.
        if (AppendedBytes > long.MaxValue - file.Length)
        {
            throw new QedLimitException(
                file.Path,
                "FileLength",
                file.Length,
                $"up to {long.MaxValue} bytes",
                $"'{file.Path}' would become longer than a file can be, {long.MaxValue} bytes. Convert the readable part of the disk to a new image.");
        }

        FreeSpace image = file.FreeSpace ?? new FreeSpace(Device: null, long.MaxValue);

        // The backup is in the folder of the image's name, which may be a link to another disk.
        FreeSpace? backup = BackupBytes > 0 ? HostFiles.FreeSpaceIn(Path.GetDirectoryName(Path.GetFullPath(file.Path)) ?? file.Path) : null;
        bool isElsewhere = backup is { Device: not null } folder && image.Device is not null && folder.Device != image.Device;
        RequireIn(image, isElsewhere ? ImageBytes : TotalBytes, file.Path, action, "the image");
        if (isElsewhere && backup is { } other)
        {
            RequireIn(other, BackupBytes, file.Path, action, "the backup");
        }
    }

    private static void RequireIn(FreeSpace space, long required, string path, string action, string place)
    {
        if (required > space.AvailableBytes)
        {
            throw QedDiskFullException.ForSpace(path, action, place, required, space.AvailableBytes);
        }
    }

    // Blocks are saved once, and holes are not, so it never holds more data than the file. There is a record for each piece that is saved,
    // for each stored one that is not, and for each hole between two of them.
    private static long BackupOf(QedImage image, long saved, long leaked)
    {
        long stored = Math.Min(image.Storage.Length, image.Storage.AllocatedBytes);
        long data = Math.Min(saved, stored);
        long records = Sum(data, Math.Min(leaked, stored)) / (RecordShare / 2);
        return Sum(Sum(data, FixedBackupBytes), records);
    }

    private static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    private static long Product(long a, int b) => a > long.MaxValue / b ? long.MaxValue : a * b;
}
