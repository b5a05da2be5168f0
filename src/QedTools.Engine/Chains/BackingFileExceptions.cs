// The errors of the Chains room: what can be wrong with the file below an image.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Chains;

namespace QedTools;

/// <summary>Something is wrong with the backing file that an image names.</summary>
public abstract class QedBackingFileException : QedException
{
    private protected QedBackingFileException(string path, string backingFile, string message, Exception? innerException = null)
        : base(path, message, innerException) => BackingFile = backingFile;

    /// <summary>The backing file's name as the image stores it, or as it was asked for.</summary>
    public string BackingFile { get; }
}

/// <summary>The backing file is not there.</summary>
public sealed class QedBackingFileNotFoundException : QedBackingFileException
{
    private QedBackingFileNotFoundException(string path, string backingFile, string resolved, string message, Exception? innerException)
        : base(path, backingFile, message, innerException) => ResolvedPath = resolved;

    /// <summary>The path that the name leads to.</summary>
    public string ResolvedPath { get; }

    internal static QedBackingFileNotFoundException ForLayer(
        string path, string backingFile, string resolved, QedDiskFormat? namedBy, Exception? cause) => new(
        path,
        backingFile,
        resolved,
        $"The backing file '{backingFile}' of '{path}' is not there: '{resolved}' does not exist. {BackingAdvice.ForMissing(namedBy)}",
        cause);

    internal static QedBackingFileNotFoundException ForChoice(string path, string backingFile, string resolved, Exception? cause) => new(
        path,
        backingFile,
        resolved,
        $"The backing file '{backingFile}' for '{path}' is not there: '{resolved}' does not exist. A relative name begins in the image's folder; give the name as seen from there, or a full path.{HomeHint(backingFile)}",
        cause);

    // Shells expand a tilde in names of files, and what an image stores is no such name.
    private static string HomeHint(string backingFile)
    {
        if (backingFile != "~" && !backingFile.StartsWith("~/", StringComparison.Ordinal) && !backingFile.StartsWith("~\\", StringComparison.Ordinal))
        {
            return string.Empty;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length == 0
            ? " The character ~ does not stand for a folder in a stored name."
            : $" The character ~ does not stand for a folder in a stored name: the file in your own folder is '{System.IO.Path.Combine(home, backingFile.Substring(1).TrimStart('/', '\\'))}'.";
    }
}

/// <summary>The backing file's name is of a kind that QedTools does not follow.</summary>
public sealed class QedBackingFileRefusedException : QedBackingFileException
{
    /// <param name="path">The image.</param>
    /// <param name="backingFile">The name.</param>
    /// <param name="reason">Why not, as the end of a sentence, and what to do.</param>
    internal QedBackingFileRefusedException(string path, string backingFile, string reason)
        : base(path, backingFile, $"The backing file '{backingFile}' of '{path}' is not followed: {reason}")
    {
    }
}

/// <summary>The backing file is that of other images too, whose disks would change with it.</summary>
public sealed class QedBackingFileSharedException : QedBackingFileException
{
    private const int MostNamed = 3;

    /// <param name="path">The image.</param>
    /// <param name="backingFile">Its backing file, as a full path.</param>
    /// <param name="overlays">The others, as full paths.</param>
    internal QedBackingFileSharedException(string path, string backingFile, IReadOnlyList<string> overlays)
        : base(path, backingFile, $"'{backingFile}', the backing file of '{path}', is also that of {Names(overlays)}, which would read wrong data when it changes. "
            + "Give them another one first (QED images with Set-QedBackingFile -PreserveContent, qcow2 images with qemu-img rebase), or use -Force if they are not needed any more.")
        => Overlays = overlays;

    /// <summary>The other images over it, as full paths.</summary>
    public IReadOnlyList<string> Overlays { get; }

    private static string Names(IReadOnlyList<string> overlays)
    {
        string named = string.Join(", ", overlays.Take(MostNamed).Select(overlay => $"'{overlay}'"));
        return overlays.Count <= MostNamed
            ? named
            : string.Format(CultureInfo.InvariantCulture, "{0} and {1} more", named, overlays.Count - MostNamed);
    }
}

/// <summary>The backing files lead in a circle, or are too many.</summary>
public sealed class QedBackingChainException : QedBackingFileException
{
    private QedBackingChainException(string path, string backingFile, string message)
        : base(path, backingFile, message)
    {
    }

    internal static QedBackingChainException ForCycle(string path, string backingFile, QedDiskFormat? namedBy) => new(
        path,
        backingFile,
        $"The backing file '{backingFile}' of '{path}' leads back to a file that is above it. {BackingAdvice.ForCycle(namedBy)}");

    internal static QedBackingChainException ForDepth(string path, string backingFile, int most) => new(path, backingFile, string.Format(
        CultureInfo.InvariantCulture,
        "The backing file '{2}' of '{0}' would be one layer too many: a chain has at most {1}. Convert one of the layers in the middle, which flattens what lies under it, and name the result in its place.",
        path,
        most,
        backingFile));
}
