using System;
using System.Globalization;
using System.IO;
using System.Threading;
using QedTools.Chains;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools;

/// <summary>Repairs images. What can be read before a repair reads the same afterwards.</summary>
public static class ImageRepair
{
    /// <summary>The extension of a backup, with the dot.</summary>
    internal const string BackupExtension = ".qedundo";

    /// <summary>Reports what a repair would do, and how much space it needs. Never changes a byte.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to repair it.</param>
    /// <param name="progress">Receives the progress of the check; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The check of the image as it is, both as before and as after, and the repairs that would be made.</returns>
    /// <exception cref="QedDiskFullException">There is not enough space for it.</exception>
    /// <exception cref="QedException">It cannot be opened or read.</exception>
    public static QedRepairResult Plan(
        string path, ImageRepairOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using QedImage image = Open(HostFiles.Open(path, StorageAccess.Write));
        ImageSurvey survey = ImageChecker.Survey(image.File, progress, cancellation);
        QedCheckResult before = survey.Result;
        RepairLog log = new();
        RepairSpace space = PlanTables(image, survey, options, log, cancellation, out long leaked);
        Require(image.Storage, options, before, space);
        if (leaked > 0)
        {
            log.Add(QedRepair.ForLeaks(leaked));
        }

        if (before.NeedsCheck)
        {
            log.Add(QedRepair.ForNeedCheck());
        }

        return Result(before, before, log, backupPath: null, space);
    }

    /// <summary>Repairs everything that a check can find, and returns leaked clusters to the host.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to repair it.</param>
    /// <param name="progress">Receives the progress of the check and the repair; may be null.</param>
    /// <param name="cancellation">Stops it; the image is then as it was before or, without a backup, partly repaired.</param>
    /// <returns>What was found, what was done and what is left.</returns>
    /// <exception cref="QedDiskFullException">There is not enough space for it; nothing was changed.</exception>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The image cannot be opened or changed. With a backup it is as it was before.</exception>
    public static QedRepairResult Run(
        string path, ImageRepairOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        IStorage file = HostFiles.Open(path, StorageAccess.Write, options.Trace);
        using QedImage image = Open(file);
        image.Follow(options.Trace, path);
        ImageSurvey survey = ImageChecker.Survey(image.File, progress, cancellation);
        QedCheckResult before = survey.Result;
        RepairLog log = new();
        if (before.Status == QedCheckStatus.Clean)
        {
            if (before.NeedsCheck)
            {
                image.BeginRepair();
                image.CompleteRepair();
                image.EndWriting();
                log.Add(QedRepair.ForNeedCheck());
            }

            return Result(before, before with { NeedsCheck = false }, log, backupPath: null, space: default);
        }

        RepairSpace space = PlanTables(image, survey, options, new RepairLog(), cancellation, out _);
        Require(file, options, before, space);
        if (options.NoBackup)
        {
            QedCheckResult after = Repair(image, before, undo: null, journal: null, log, progress, cancellation);
            return Result(before, after, log, backupPath: null, space);
        }

        return RepairWithBackup(file, options.Trace, before, log, space, progress, cancellation);
    }

    /// <summary>Undoes a repair: the image is then what it was before.</summary>
    /// <param name="path">The image.</param>
    /// <param name="backupPath">The backup that the repair made.</param>
    /// <returns>The facts of the image afterwards.</returns>
    /// <exception cref="QedBackupMismatchException">The file is not such a backup, or the image was changed since.</exception>
    /// <exception cref="QedBackupDamagedException">The backup does not match what the repair wrote.</exception>
    /// <exception cref="QedDiskFullException">There is not enough space for it; nothing was changed.</exception>
    /// <exception cref="QedException">A file cannot be opened, read or written.</exception>
    public static QedImageInfo Restore(string path, string backupPath)
    {
        using IStorage journal = HostFiles.Open(backupPath, StorageAccess.Write);
        using (IStorage target = HostFiles.Open(path, StorageAccess.Write))
        {
            UndoBackup backup = UndoBackup.Read(journal);
            RequireFits(backup, target);
            Restore(backup, target);
        }

        return ImageInspection.Run(path, new ImageInspectionOptions { SourceFormat = QedDiskFormat.Qed });
    }

    /// <summary>Finds everything that would prevent a repair from being undone, without changing anything.</summary>
    /// <param name="path">The image.</param>
    /// <param name="backupPath">The backup that the repair made.</param>
    /// <exception cref="QedException">It cannot be undone.</exception>
    public static void PlanRestore(string path, string backupPath)
    {
        using IStorage journal = HostFiles.Open(backupPath, StorageAccess.Write);
        using IStorage target = HostFiles.Open(path, StorageAccess.Write);
        RequireFits(UndoBackup.Read(journal), target);
    }

    private static void Require(IStorage file, ImageRepairOptions options, QedCheckResult before, RepairSpace space)
    {
        if (!options.NoBackup && before.Status != QedCheckStatus.Clean && !HostFiles.IsPossible(BackupName(file.Path) + BackupExtension))
        {
            throw QedStorageException.ForBackupName(file.Path);
        }

        space.Require(file);
    }

    private static RepairSpace PlanTables(
        QedImage image, ImageSurvey survey, ImageRepairOptions options, RepairLog log, CancellationToken cancellation, out long leaked)
    {
        leaked = survey.Result.LeakedBytes;
        switch (survey.Result.Status)
        {
            case QedCheckStatus.Corrupt:
                TableRepairs repairs = ImageRepairer.RepairTables(image.File, writer: null, log, progress: null, cancellation);
                leaked = repairs.LeakedBytes;
                return RepairSpace.ForTables(image, repairs, saves: !options.NoBackup);
            case QedCheckStatus.Leaks:
                return RepairSpace.ForLeaks(image, survey, saves: !options.NoBackup);
            default:
                return default;
        }
    }

    // The old header comes last. Until then old and new tables and data are mixed, and an interruption leaves an image that no program reads.
    private static void Restore(UndoBackup backup, IStorage target)
    {
        backup.BeginRestore();

        // The first change of a repair is to set the need-check bit. Without that nothing was changed, and no record would clear these bits.
        if (backup.HasStart)
        {
            SetFeatures(target, QedFeatures.NeedCheck | QedFeatures.RestoreInProgress);
        }

        backup.Restore(target);
    }

    private static void RequireFits(UndoBackup backup, IStorage target)
    {
        UndoState state = backup.RequireFits(target);
        string name = Path.GetFileName(target.Path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(target.Path)) ?? string.Empty;
        string order = OrderOf(backup.Path);
        foreach (string other in BackupsIn(folder, name))
        {
            if (string.CompareOrdinal(OrderOf(other), order) > 0)
            {
                RequireUnused(other, backup, target);
            }
        }

        // The bits stay set while a repair or its undoing is at work, and any program that changes the image afterwards clears them.
        if (state != UndoState.Complete && (ReadHeader(target).Features & (QedFeatures.NeedCheck | QedFeatures.RestoreInProgress)) == 0)
        {
            throw backup.Changed(target);
        }

        new RepairSpace(backup.RequiredBytes(target), BackupBytes: 0).Require(target, "undo the repair of");
    }

    // A backup that was cut off before its header was complete belongs to a repair that changed nothing.
    private static void RequireUnused(string laterPath, UndoBackup backup, IStorage target)
    {
        string problem;
        try
        {
            using IStorage later = HostFiles.Open(laterPath, StorageAccess.Inspect);
            if (later.Length < UndoHeader.Size)
            {
                return;
            }

            UndoHeader header = UndoHeader.Read(later);
            if (header.State == UndoState.Restored || !header.IsNamed(Path.GetFileName(target.Path)))
            {
                return;
            }

            problem = $"'{laterPath}' is the backup of a later repair of '{target.Path}'. Restore from that one first; if the image was replaced since, delete that backup.";
        }
        catch (QedBackupDamagedException)
        {
            problem = $"'{laterPath}' is the backup of a later repair of '{target.Path}', but it is damaged. If no repair changed the image since '{backup.Path}' was made, delete it.";
        }
        catch (QedBackupMismatchException)
        {
            return; // it is only named like a backup
        }

        throw UndoHeader.Misfit(backup.File, "the backup of the last change", problem);
    }

    // Backups are named after the time they were begun, with a number if there are several from one second.
    private static string OrderOf(string backupPath) => Path.GetFileNameWithoutExtension(backupPath);

    private static string[] BackupsIn(string folder, string imageName) => Array.FindAll(
        HostFiles.FilesIn(folder),
        path => Path.GetFileName(path).StartsWith(imageName + ".", StringComparison.Ordinal) && path.EndsWith(BackupExtension, StringComparison.Ordinal));

    private static QedHeader ReadHeader(IStorage file)
    {
        Span<byte> bytes = stackalloc byte[QedHeader.Size];
        return QedHeader.Parse(bytes.Slice(0, file.Read(0, bytes)), file.Path, file.Length);
    }

    private static void SetFeatures(IStorage file, QedFeatures bits)
    {
        QedHeader header = ReadHeader(file);
        if ((header.Features & bits) != bits || header.AutoclearFeatures != 0)
        {
            Span<byte> bytes = stackalloc byte[QedHeader.Size];
            (header with { Features = header.Features | bits, AutoclearFeatures = 0 }).WriteTo(bytes);
            file.Write(0, bytes);
            file.Flush();
        }
    }

    private static QedRepairResult RepairWithBackup(
        IStorage file,
        OperationTrace? trace,
        QedCheckResult before,
        RepairLog log,
        RepairSpace space,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        UndoJournal journal = BeginBackup(file, trace);
        trace?.Decision?.Invoke($"{PrintableText.Of(file.Path)}: old contents are saved in '{PrintableText.Of(journal.Path)}' before they are changed.");
        UndoStorage undo = new(file, journal);
        try
        {
            using (journal)
            {

                // The very last change clears the need-check bit, when the backup is complete.
                undo.SaveStart();

                // Some repairs touch no table: with the bit set, any interrupted repair can be told from a complete one.
                SetFeatures(undo, QedFeatures.NeedCheck);
                QedImage image = QedImage.Open(undo);
                image.FollowChanges(trace, file.Path);
                QedCheckResult after = Repair(image, before, undo, journal, log, progress, cancellation);
                undo.Flush();
                journal.Seal(file, start: default);
                return Result(before, after, log, journal.Path, space);
            }
        }
        catch
        {
            if (undo.HasChanged)
            {
                Undo(file, journal.Path);
            }
            else
            {
                HostFiles.Delete(journal.Path);
            }

            throw;
        }
    }

    // The image is not changed yet, so a backup that cannot be begun leaves nothing behind.
    private static UndoJournal BeginBackup(IStorage file, OperationTrace? trace)
    {
        IStorage backup = CreateBackupFile(file.Path, trace);
        try
        {
            return UndoJournal.Begin(backup, file);
        }
        catch
        {
            backup.Dispose();
            HostFiles.Delete(backup.Path);
            throw;
        }
    }

    private static IStorage CreateBackupFile(string path, OperationTrace? trace)
    {
        string name = BackupName(path);
        for (int number = 2; ; number++)
        {
            try
            {
                return HostFiles.CreateNew(name + BackupExtension, usedLike: path, trace: trace);
            }
            catch (QedFileExistsException) when (number < 1000)
            {
                name = string.Format(CultureInfo.InvariantCulture, "{0}.{1}", name, number);
            }
        }
    }

    private static string BackupName(string path) => path + DateTime.UtcNow.ToString("'.'yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static QedCheckResult Repair(
        QedImage image,
        QedCheckResult before,
        UndoStorage? undo,
        UndoJournal? journal,
        RepairLog log,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        var writer = image.BeginRepair();
        if (before.Status == QedCheckStatus.Corrupt)
        {
            ImageRepairer.RepairTables(image.File, writer, log, progress, cancellation);
        }

        image.Pack(survey =>
        {
            if (survey.Result.LeakedBytes > 0)
            {
                log.Add(QedRepair.ForLeaks(survey.Result.LeakedBytes));
            }

            // What a lost table referred to may be all that is left of a user's data. Mere leaks hold nobody's data.
            if (undo is not null && before.Status == QedCheckStatus.Leaks)
            {
                undo.Worth = WorthOf(image.File.Layout, survey);
            }
        });
        if (undo is not null)
        {
            // Before the need-check bit is cleared: an interruption between the two would leave an image that seems to have been changed since.
            Span<byte> header = stackalloc byte[QedHeader.Size];
            undo.Flush();
            (image.Header with { Features = image.Header.Features & ~QedFeatures.NeedCheck }).WriteTo(header);
            journal?.Seal(undo, header);
        }

        image.CompleteRepair();
        image.EndWriting();
        if (before.NeedsCheck)
        {
            log.Add(QedRepair.ForNeedCheck());
        }

        return ImageChecker.Check(image.File, progress: null, cancellation: default);
    }

    private static Func<long, (bool IsWorthSaving, long Length)> WorthOf(ImageLayout layout, ImageSurvey survey) => offset =>
    {
        QedGeometry geometry = layout.Geometry;
        long restOfCluster = geometry.ClusterSize - geometry.OffsetInCluster(offset);
        bool isOutsideClusters = offset < layout.HeaderBytes || offset >= layout.AddressableBytes;
        return (isOutsideClusters || survey.IsUsed(geometry.ClusterAt(offset)), restOfCluster);
    };

    private static void Undo(IStorage file, string backupPath)
    {
        try
        {
            using IStorage journal = HostFiles.Open(backupPath, StorageAccess.Write);
            Restore(UndoBackup.Read(journal), file);
        }
        catch (QedException e)
        {
            throw QedStorageException.ForRepairNotUndone(file.Path, backupPath, e);
        }

        HostFiles.Delete(backupPath);
    }

    private static QedImage Open(IStorage storage)
    {
        try
        {
            return DiskFormats.Open(storage, DiskFormats.Qed);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    private static QedRepairResult Result(QedCheckResult before, QedCheckResult after, RepairLog log, string? backupPath, RepairSpace space) => new()
    {
        Path = Path.GetFullPath(before.Path),
        Before = before,
        After = after,
        Repairs = log.Kept,
        RepairCount = log.Count,
        ClearedBytes = log.ClearedBytes,
        BackupPath = backupPath,
        RequiredBytes = space.TotalBytes,
    };
}
