using System;

namespace QedTools;

/// <summary>A path does not lead to the file system.</summary>
public sealed class QedPathException : QedException
{
    internal QedPathException(string path, string message, Exception? innerException = null)
        : base(path, message, innerException)
    {
    }

    internal static QedPathException ForProvider(string path, string provider) => new(
        path, $"'{path}' belongs to the {provider} provider. Images are files: name one on a FileSystem drive.");
}
