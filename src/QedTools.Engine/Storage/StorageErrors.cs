// The one place where the host's exceptions become the engine's.
using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>Turns what .NET throws for files into the engine's errors.</summary>
internal static class StorageErrors
{
    private const int UnixNoSpace = 28;
    private const int UnixFileTooBig = 27;
    private const int LinuxQuota = 122;
    private const int MacQuota = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsFileTooBig = unchecked((int)0x800700DF);
    private const int WindowsSharing = unchecked((int)0x80070020);
    private const int WindowsLock = unchecked((int)0x80070021);
    private const int WindowsAlreadyExists = unchecked((int)0x80070050);
    private const int WindowsFileExists = unchecked((int)0x800700B7);
    private const int WindowsInvalidName = unchecked((int)0x8007007B);
    private const int UnixExists = 17;
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;

    /// <summary>Whether <see cref="Translate"/> handles the exception.</summary>
    public static bool IsHostError(Exception exception) => exception
        is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or System.Security.SecurityException
        && !AssemblyErrors.IsOne(exception);

    /// <summary>The engine's error for <paramref name="exception"/>.</summary>
    /// <param name="exception">What the host threw.</param>
    /// <param name="path">The file.</param>
    /// <param name="action">What was being done, as a verb: "open", "read", "write".</param>
    /// <param name="offset">Where in the file, in bytes, or null.</param>
    public static QedException Translate(Exception exception, string path, string action, long? offset = null) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => action == "create"
            ? QedStorageException.ForPlace(path, exception)
            : new QedFileNotFoundException(path, exception),
        PathTooLongException => action == "create"
            ? QedStorageException.ForName(path, exception)
            : new QedFileNotFoundException(path, exception), // too long a path names no existing file
        // Such as "a*.qed", which Windows does not allow as a file name.
        IOException io when io.HResult == WindowsInvalidName && action != "create" => new QedFileNotFoundException(path, exception),
        UnauthorizedAccessException or System.Security.SecurityException => new QedAccessDeniedException(path, action, exception),
        _ when IsFileTooBig(exception) => QedDiskFullException.ForFileSize(path, offset, exception),
        IOException io when IsDiskFull(io.HResult) => new QedDiskFullException(path, action, offset, exception),
        IOException io when IsSharingViolation(io.HResult) => new QedImageInUseException(path, action != "read", exception),
        IOException io when IsExisting(io.HResult) => new QedFileExistsException(path, exception),
        _ => new QedStorageException(path, action, offset, exception),
    };

    // .NET throws a different exception for EFBIG. No argument of a read or write is out of range otherwise.
    private static bool IsFileTooBig(Exception exception) => Platform.IsWindows
        ? exception is IOException { HResult: WindowsFileTooBig }
        : exception is ArgumentOutOfRangeException or IOException { HResult: UnixFileTooBig };

    private static bool IsDiskFull(int code) => Platform.IsWindows
        ? code is WindowsDiskFull or WindowsHandleDiskFull
        : code is UnixNoSpace or WindowsDiskFull || code == (Platform.IsMac ? MacQuota : LinuxQuota);

    private static bool IsSharingViolation(int code) =>
        code is WindowsSharing or WindowsLock
        || (!Platform.IsWindows && code == (Platform.IsMac ? MacWouldBlock : LinuxWouldBlock));

    private static bool IsExisting(int code) =>
        code is WindowsAlreadyExists or WindowsFileExists || (!Platform.IsWindows && code == UnixExists);
}
