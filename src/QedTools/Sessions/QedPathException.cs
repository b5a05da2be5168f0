using System;

namespace QedTools;

/// <summary>A path does not lead to the file system.</summary>
public sealed class QedPathException : QedException
{
    private QedPathException(string path, string message, Exception? innerException = null)
        : base(path, message, innerException)
    {
    }

    internal static QedPathException ForUnknown(string path, Exception cause) => new(
        path, $"'{path}' leads to no file: {cause.Message.TrimEnd('.')}. Name a file on a FileSystem drive.", cause);

    internal static QedPathException ForProvider(string path, string provider) => new(
        path, $"'{path}' belongs to the {provider} provider. Images are files: name one on a FileSystem drive.");
}
