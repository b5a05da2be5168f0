using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>The table that maps every error to its stable PowerShell id and category.</summary>
internal static class ErrorTable
{
    private const string Failed = "QedFailed";

    private static readonly Dictionary<Type, (string Id, ErrorCategory Category)> Entries = new()
    {
        [typeof(QedFileNotFoundException)] = ("QedFileNotFound", ErrorCategory.ObjectNotFound),
        [typeof(QedAccessDeniedException)] = ("QedAccessDenied", ErrorCategory.PermissionDenied),
        [typeof(QedNotAFileException)] = ("QedNotAFile", ErrorCategory.InvalidArgument),
        [typeof(QedFileExistsException)] = ("QedFileExists", ErrorCategory.ResourceExists),
        [typeof(QedImageInUseException)] = ("QedImageInUse", ErrorCategory.ResourceBusy),
        [typeof(QedDiskFullException)] = ("QedDiskFull", ErrorCategory.ResourceUnavailable),
        [typeof(QedBackupDamagedException)] = ("QedBackupDamaged", ErrorCategory.InvalidData),
        [typeof(QedFileChangedException)] = ("QedFileChanged", ErrorCategory.ReadError),
        [typeof(QedStorageException)] = ("QedStorageFailed", ErrorCategory.DeviceError),
        [typeof(QedNotAnImageException)] = ("QedNotAnImage", ErrorCategory.InvalidData),
        [typeof(QedTruncatedException)] = ("QedTruncated", ErrorCategory.InvalidData),
        [typeof(QedHeaderException)] = ("QedHeaderInvalid", ErrorCategory.InvalidData),
        [typeof(QedUnsupportedFeatureException)] = ("QedUnsupportedFeature", ErrorCategory.NotImplemented),
        [typeof(QedInterruptedRestoreException)] = ("QedInterruptedRestore", ErrorCategory.InvalidData),
        [typeof(QedCorruptException)] = ("QedCorrupt", ErrorCategory.InvalidData),
        [typeof(QedDamagedFileException)] = ("QedDamagedFile", ErrorCategory.InvalidData),
        [typeof(QedLimitException)] = ("QedLimit", ErrorCategory.InvalidArgument),
        [typeof(QedRequestException)] = ("QedRequest", ErrorCategory.InvalidArgument),
        [typeof(QedShrinkException)] = ("QedShrinkRefused", ErrorCategory.InvalidArgument),
        [typeof(QedBackupMismatchException)] = ("QedBackupMismatch", ErrorCategory.InvalidArgument),
        [typeof(QedUnsupportedFormatException)] = ("QedUnsupportedFormat", ErrorCategory.NotImplemented),
        [typeof(QedBackingFileNotFoundException)] = ("QedBackingFileNotFound", ErrorCategory.ObjectNotFound),
        [typeof(QedBackingFileRefusedException)] = ("QedBackingFileRefused", ErrorCategory.SecurityError),
        [typeof(QedBackingFileSharedException)] = ("QedBackingFileShared", ErrorCategory.ResourceBusy),
        [typeof(QedBackingChainException)] = ("QedBackingChain", ErrorCategory.InvalidData),
        [typeof(QedSnapshotNotFoundException)] = ("QedSnapshotNotFound", ErrorCategory.ObjectNotFound),
        [typeof(QedPartitionNotFoundException)] = ("QedPartitionNotFound", ErrorCategory.ObjectNotFound),
        [typeof(QedEndpointException)] = ("QedEndpoint", ErrorCategory.ResourceUnavailable),
        [typeof(QedServerNotFoundException)] = ("QedServerNotFound", ErrorCategory.ObjectNotFound),
        [typeof(QedPathException)] = ("QedPath", ErrorCategory.InvalidArgument),
        [typeof(QedAssemblyException)] = ("QedAssemblyConflict", ErrorCategory.ResourceUnavailable),
        [typeof(QedUnexpectedException)] = (Failed, ErrorCategory.NotSpecified),
    };

    /// <summary>The error record for an error about <paramref name="path"/>, which may also be an exception that nobody expected.</summary>
    /// <param name="error">The error.</param>
    /// <param name="path">The item.</param>
    /// <param name="command">The command that failed, for advice that names its parameters; null for none.</param>
    public static ErrorRecord ToRecord(Exception error, string path, InvocationInfo? command)
    {
        QedException known = error as QedException ?? QedAssemblyException.ForCause(path, error) ?? (QedException)new QedUnexpectedException(path, error);
        (string id, ErrorCategory category) = Entries.TryGetValue(known.GetType(), out (string, ErrorCategory) entry)
            ? entry
            : (Failed, ErrorCategory.NotSpecified);
        ErrorRecord record = new(known, id, category, path);
        if (Advice.For(known, path, CanUse) is { } advice)
        {
            // Not as RecommendedAction: PowerShell 7 would show it twice, and Windows PowerShell not at all.
            record.ErrorDetails = new ErrorDetails($"{known.Message} {advice}");
        }

        return record;

        bool CanUse(string parameter) =>
            command?.MyCommand?.Parameters?.ContainsKey(parameter) == true && !command.BoundParameters.ContainsKey(parameter);
    }
}
