// The errors of the Chains folder: what can be wrong with the file below an image.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace QedTools;

/// <summary>Something is wrong with the backing file that an image names.</summary>
public abstract class QedBackingFileException : QedException
{
    private protected QedBackingFileException(string path, string backingFile, string message, Exception? innerException = null)
        : base(path, message, innerException) => BackingFile = backingFile;

    /// <inheritdoc/>
    public override QedRemedy Remedy => Help;

    /// <summary>The backing file's name as the image stores it, or as it was requested.</summary>
    public string BackingFile { get; }

    /// <summary>The format of the image that stores the name, which decides how it can be changed; null if the name was requested.</summary>
    public QedDiskFormat? NamedBy { get; private protected init; }

    private protected QedRemedy Help { get; init; }
}

/// <summary>The backing file does not exist.</summary>
public sealed class QedBackingFileNotFoundException : QedBackingFileException
{
    private QedBackingFileNotFoundException(string path, string backingFile, string resolved, string message, Exception? innerException)
        : base(path, backingFile, message, innerException) => ResolvedPath = resolved;

    /// <summary>The path that the name leads to, or the folder that was searched if only the file's identity is known.</summary>
    public string ResolvedPath { get; }

    internal static QedBackingFileNotFoundException ForLayer(
        string path, string backingFile, string resolved, QedDiskFormat? namedBy, Exception? cause) => new(
        path,
        backingFile,
        resolved,
        $"The backing file '{backingFile}' of '{path}' is missing: '{resolved}' does not exist.",
        cause)
        {
            NamedBy = namedBy,
            Help = QedRemedy.NameBackingFile,
        };

    internal static QedBackingFileNotFoundException ForFurtherFile(string path, string name, string resolved, Exception? cause) => new(
        path,
        name,
        resolved,
        $"'{path}' describes a disk whose data is in the file '{name}', which is missing: '{resolved}' does not exist. Put that file back, or into the folder of '{path}'.",
        cause);

    internal static QedBackingFileNotFoundException ForChoice(string path, string backingFile, string resolved, Exception? cause) => new(
        path,
        backingFile,
        resolved,
        $"The backing file '{backingFile}' for '{path}' is missing: '{resolved}' does not exist. Give the name relative to the image's folder, or a full path.{HomeHint(backingFile)}",
        cause);

    internal static QedBackingFileNotFoundException ForContentId(string path, string identity, string folder) => new(
        path,
        identity,
        folder,
        $"The parent of '{path}' is missing: no file in the folder '{folder}' has the identifier {identity}, the only thing known about the parent. Put the parent's file into that folder.",
        innerException: null);

    // Shells expand a tilde in file names, but a name stored in an image is not expanded.
    private static string HomeHint(string backingFile)
    {
        if (backingFile != "~" && !backingFile.StartsWith("~/", StringComparison.Ordinal) && !backingFile.StartsWith("~\\", StringComparison.Ordinal))
        {
            return string.Empty;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length == 0
            ? " The character ~ does not stand for a folder in a stored name."
            : $" The character ~ does not stand for a folder in a stored name: the file in your home folder is '{System.IO.Path.Combine(home, backingFile.Substring(1).TrimStart('/', '\\'))}'.";
    }
}

/// <summary>The backing file's name is of a kind that QedTools does not follow.</summary>
public sealed class QedBackingFileRefusedException : QedBackingFileException
{
    /// <param name="path">The image.</param>
    /// <param name="backingFile">The name.</param>
    /// <param name="reason">Why not, as the end of a sentence.</param>
    /// <param name="remedy">What would help.</param>
    /// <param name="namedBy">The format of the image that stores the name; null if the name is being requested now.</param>
    internal QedBackingFileRefusedException(
        string path, string backingFile, string reason, QedRemedy remedy = QedRemedy.None, QedDiskFormat? namedBy = null)
        : this(path, backingFile, $"The backing file '{backingFile}' of '{path}' is not followed: {reason}", innerException: null) =>
        (Help, NamedBy) = (remedy, namedBy);

    private QedBackingFileRefusedException(string path, string backingFile, string message, Exception? innerException)
        : base(path, backingFile, message, innerException)
    {
    }

    /// <summary>Several files have the identifier by which alone the backing file is known.</summary>
    internal static QedBackingFileRefusedException ForSameContentId(string path, string identity, string one, string other) => new(
        path,
        identity,
        $"The parent of '{path}' is the disk with the identifier {identity}, but both '{one}' and '{other}' have it. Leave only the parent's file in that folder.",
        innerException: null);

    /// <summary>The name of a file that holds a disk's data, not of a backing file.</summary>
    internal static QedBackingFileRefusedException ForFurtherFile(string path, string name, string reason, Exception? cause) => new(
        path,
        name,
        $"'{path}' describes a disk whose data is in '{name}', which is not read: {reason} Put the file that holds the data into the folder of '{path}', and name it in '{path}' without a folder.",
        cause);
}

/// <summary>A file that is to be changed is the backing file of other images, whose disks would change with it.</summary>
public sealed class QedBackingFileSharedException : QedBackingFileException
{
    private const int MaxNamed = 3;

    /// <param name="path">The image that the operation is about.</param>
    /// <param name="backingFile">The file that is to be changed, the image itself or its backing file, as a full path.</param>
    /// <param name="overlays">The images based on it, as full paths.</param>
    internal QedBackingFileSharedException(string path, string backingFile, IReadOnlyList<string> overlays)
        : base(path, backingFile, $"'{backingFile}' underlies {Names(overlays)}, which would read wrong data if it changed.") =>
        (Overlays, Help) = (overlays, QedRemedy.ReleaseOverlays);

    /// <summary>The other images based on it, as full paths.</summary>
    public IReadOnlyList<string> Overlays { get; }

    /// <summary>The first of some images by name, and how many more there are, for a message.</summary>
    internal static string Names(IReadOnlyList<string> overlays)
    {
        string named = string.Join(", ", overlays.Take(MaxNamed).Select(overlay => $"'{overlay}'"));
        return overlays.Count <= MaxNamed
            ? named
            : string.Format(CultureInfo.InvariantCulture, "{0} and {1} more", named, overlays.Count - MaxNamed);
    }
}

/// <summary>The backing files form a cycle, or there are too many.</summary>
public sealed class QedBackingChainException : QedBackingFileException
{
    private QedBackingChainException(string path, string backingFile, string message)
        : base(path, backingFile, message)
    {
    }

    internal static QedBackingChainException ForCycle(string path, string backingFile, QedDiskFormat? namedBy) => new(
        path,
        backingFile,
        $"The backing file '{backingFile}' of '{path}' leads back to a file that is above it.")
    {
        NamedBy = namedBy,
        Help = QedRemedy.NameBackingFile,
    };

    internal static QedBackingChainException ForDepth(string path, string backingFile, int max) => new(path, backingFile, string.Format(
        CultureInfo.InvariantCulture,
        "The backing file '{2}' of '{0}' would be one layer too many: a chain can have at most {1}. Convert one of the layers in the middle, which flattens everything below it, and use the result in its place.",
        path,
        max,
        backingFile));
}
