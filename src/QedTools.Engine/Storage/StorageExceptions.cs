// The errors of the Storage folder: what can be wrong with a file before its contents are read.
using System;
using System.Globalization;

namespace QedTools;

/// <summary>A file does not exist.</summary>
public sealed class QedFileNotFoundException : QedException
{
    internal QedFileNotFoundException(string path, Exception? innerException = null)
        : base(path, $"'{path}' does not exist. Check the name and the folder.", innerException)
    {
    }

    private QedFileNotFoundException(string path, string message, QedRemedy remedy)
        : base(path, message) => Remedy = remedy;

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

    /// <summary>No file has this name, and it looks like a pattern where patterns are not expanded.</summary>
    internal static QedFileNotFoundException ForPattern(string path) => new(
        path, $"'{path}' does not exist, and wildcards are not expanded here.", QedRemedy.ExpandPattern);
}

/// <summary>The operating system does not let this user open or change a file.</summary>
public sealed class QedAccessDeniedException : QedException
{
    internal QedAccessDeniedException(string path, string action, Exception? innerException = null)
        : base(path, $"No permission to {action} '{path}'. Check the file's and the folder's permissions, or run as a user who has them.", innerException)
    {
    }
}

/// <summary>A path names something that is not a regular file: a folder, a device, a pipe.</summary>
public sealed class QedNotAFileException : QedException
{
    internal QedNotAFileException(string path, string what)
        : base(path, $"'{path}' is {what}, not a file. Name an image file.") => Kind = what;

    /// <summary>What the path names instead, with its article, such as "a folder".</summary>
    public string Kind { get; }
}

/// <summary>A new file would replace an existing one, and that was not requested.</summary>
public sealed class QedFileExistsException : QedException
{
    internal QedFileExistsException(string path, Exception? innerException = null)
        : base(path, $"The file '{path}' already exists.", innerException) => Remedy = QedRemedy.ReplaceFile;

    private QedFileExistsException(string path, string message, QedRemedy remedy = QedRemedy.None)
        : base(path, message) => Remedy = remedy;

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

    /// <summary>Another program created a file of this name while the new one was being built.</summary>
    internal static QedFileExistsException ForConcurrentCreation(string path) => new(
        path, $"Another program created '{path}' while the new file was being built. That file was left as it is. Choose another name, or look at that file and try again.");

    /// <summary>A file or a device that would be written into, and that was not allowed.</summary>
    internal static QedFileExistsException ForOverwriting(string path, bool isDevice) => new(
        path, $"What is on the {(isDevice ? "block device" : "disk in")} '{path}' would be overwritten.", QedRemedy.OverwriteExisting);

    /// <summary>A file has the name that a folder would need.</summary>
    internal static QedFileExistsException ForFolder(string path) => new(path, $"'{path}' is a file, so no files can be created in it. Name a folder.");
}

/// <summary>Another process, or a stream of this one, has the image open in a way that rules out the requested access.</summary>
public sealed class QedImageInUseException : QedException
{
    internal QedImageInUseException(string path, bool forWriting, Exception? innerException = null)
        : base(path, forWriting
            ? $"The image '{path}' is in use elsewhere and cannot be changed now. Close the stream, program or virtual machine that has it open."
            : $"The image '{path}' is open for writing elsewhere, so reading it now may give inconsistent data.", innerException) =>
        Remedy = forWriting ? QedRemedy.None : QedRemedy.ShareFile;

    private QedImageInUseException(string path, string message)
        : base(path, message)
    {
    }

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

    /// <summary>A block device that would be written to is mounted, or one of its partitions is.</summary>
    internal static QedImageInUseException ForMounted(string path, string mountPoint) => new(
        path, $"'{path}' is mounted at '{mountPoint}' and cannot be overwritten. Unmount it first, and make sure that it is the right device.");
}

/// <summary>There is no space left on the disk, or in the user's quota.</summary>
public sealed class QedDiskFullException : QedException
{
    internal QedDiskFullException(string path, string action, long? offset = null, Exception? innerException = null)
        : base(path, Describe(path, action, offset), innerException) => Offset = offset;

    private QedDiskFullException(string path, string message, Exception innerException, long? offset)
        : base(path, message, innerException) => Offset = offset;

    private QedDiskFullException(string path, string message, long required, long available)
        : base(path, message) => (RequiredBytes, AvailableBytes) = (required, available);

    /// <inheritdoc/>
    public override QedRemedy Remedy => Help;

    private QedRemedy Help { get; init; }

    /// <summary>The offset in the file at which the operation failed, in bytes; null if there is none.</summary>
    public long? Offset { get; }

    /// <summary>There is space, but the file may not become that long.</summary>
    internal static QedDiskFullException ForFileSize(string path, long? offset, Exception innerException)
    {
        string where = offset is { } at ? string.Format(CultureInfo.InvariantCulture, " at offset {0}", at) : string.Empty;
        return new(
            path,
            $"Could not write '{path}'{where}: the file would become longer than its file system or a limit of this process (ulimit -f) allows. Raise the limit, or use another file system.",
            innerException,
            offset);
    }

    /// <summary>The most space that may be needed, in bytes, if that was determined before anything was changed; otherwise null.</summary>
    public long? RequiredBytes { get; }

    /// <summary>The space that was free then, in bytes; otherwise null.</summary>
    public long? AvailableBytes { get; }

    /// <summary>The error for an operation that was not begun because it could fill the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="action">The operation, as a verb: "repair".</param>
    /// <param name="place">What the space is needed for: the file, or what is written next to it.</param>
    /// <param name="required">The most space that it may take, in bytes.</param>
    /// <param name="available">The free space, in bytes.</param>
    /// <param name="state">The state in which the file is left, as a sentence.</param>
    /// <param name="remedy">What else helps.</param>
    internal static QedDiskFullException ForSpace(
        string path,
        string action,
        string place,
        long required,
        long available,
        string state = "Nothing was changed.",
        QedRemedy remedy = QedRemedy.None) => new(
        path,
        $"Not enough space to {action} '{path}': up to {ByteSize.FormatExact(required)} may be needed on the disk of {place}, which has only {ByteSize.FormatExact(available)} free. {state} Free some space, or move the image to a larger disk, and try again.",
        required,
        available)
        {
            Help = remedy,
        };

    private static string Describe(string path, string action, long? offset)
    {
        string where = offset is { } at ? string.Format(CultureInfo.InvariantCulture, " at offset {0}", at) : string.Empty;
        return $"No space left on the disk to {action} '{path}'{where}. Free some space and try again.";
    }
}

/// <summary>The backup of a repair does not match what the repair wrote: bits or bytes of it are wrong or missing.</summary>
public sealed class QedBackupDamagedException : QedException
{
    internal QedBackupDamagedException(string path)
        : base(path, $"The backup '{path}' is damaged: it was changed or truncated after the repair wrote it, so none of it is used. Get an intact copy of it, or keep the image as it is.")
    {
    }
}

/// <summary>Reading or writing a file failed.</summary>
public sealed class QedStorageException : QedException
{
    internal QedStorageException(string path, string action, long? offset, Exception innerException)
        : base(path, Describe(path, action, offset, innerException), innerException) => Offset = offset;

    internal QedStorageException(string path, string message, Exception? innerException = null, QedRemedy remedy = QedRemedy.None)
        : base(path, message, innerException) => Remedy = remedy;

    /// <summary>The offset in the file at which the operation failed, in bytes; null if there is none.</summary>
    public long? Offset { get; }

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

    /// <summary>A repair failed, and so did undoing it.</summary>
    internal static QedStorageException ForRepairNotUndone(string path, string backupPath, QedException cause) => new(
        path,
        $"The repair of '{path}' failed and could not be undone ({cause.Message}). Fix that problem, then restore the image from its backup '{backupPath}'.",
        cause,
        QedRemedy.RestoreBackup);

    /// <summary>A copy was read again and is not equal to its source.</summary>
    /// <param name="path">The copy.</param>
    /// <param name="source">The source.</param>
    /// <param name="size">The size of the disk, in bytes.</param>
    /// <param name="offset">Where they differ, in bytes.</param>
    /// <param name="consequence">What becomes of the copy, as a clause.</param>
    internal static QedStorageException ForVerification(string path, string source, long size, long offset, string consequence = "so it was not kept") => new(
        path, FormattableString.Invariant($"The copy of '{source}' ({size} bytes) differs from the source at offset {offset}, {consequence}. Check the memory and the disks of this machine."));

    /// <summary>A new file's name is longer than the host or the file system allows.</summary>
    internal static QedStorageException ForName(string path, Exception innerException) => new(
        path, $"'{path}' cannot be created: its name or its whole path is longer than the file system allows. Use a shorter name.", innerException);

    /// <summary>An image's name is so long that there is no valid name for a backup next to it.</summary>
    internal static QedStorageException ForBackupName(string path) => new(
        path, $"The backup of '{path}' cannot be created: its name, which is the image's name plus some characters, would be longer than the file system allows.", remedy: QedRemedy.LeaveOutBackup);

    /// <summary>A folder is gone, or no new file can be created in it.</summary>
    internal static QedStorageException ForPlace(string path, Exception innerException) => new(
        path, $"'{path}' cannot be created: its folder is gone, or no files can be created there. Choose another folder.", innerException);

    private static string Describe(string path, string action, long? offset, Exception cause)
    {
        string where = offset is { } at ? string.Format(CultureInfo.InvariantCulture, " at offset {0}", at) : string.Empty;
        return $"Could not {action} '{path}'{where}: {cause.Message.TrimEnd('.')}. Check the name, and the disk or network share that holds the file.";
    }
}

/// <summary>A file changed while it was being read, so the data that was read may be inconsistent.</summary>
public sealed class QedFileChangedException : QedException
{
    private QedFileChangedException(string path, string what)
        : base(path, $"'{path}' changed while it was being read: {what}. Wait until no program is writing or copying it any more, and try again.")
    {
    }

    internal static QedFileChangedException ForMissingBytes(string path, long offset, long count) => new(path, string.Format(
        CultureInfo.InvariantCulture, "the {0} bytes at offset {1} are no longer there", count, offset));

    internal static QedFileChangedException ForLength(string path, long before, long now) => new(path, string.Format(
        CultureInfo.InvariantCulture, "it had {0} bytes and now has {1}", before, now));

    internal static QedFileChangedException ForContents(string path) => new(path, "something was written to it");
}
