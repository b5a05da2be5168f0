using System;
using QedTools.Sessions;

namespace QedTools;

/// <summary>A path does not lead to a file of the file system.</summary>
public sealed class QedPathException : QedException
{
    private QedPathException(string path, string message, Exception? innerException = null)
        : base(path, message, innerException)
    {
    }

    internal static QedPathException ForUnknown(string path, Exception cause) => new(
        path, Messages.NoFile(path, cause.Message), cause);

    internal static QedPathException ForEmpty(string parameter) => new(string.Empty, Messages.EmptyName(parameter));

    internal static QedPathException ForProvider(string path, string provider) => new(
        path, Messages.OtherProvider(path, provider));
}
