using System;

namespace QedTools;

/// <summary>A file does not conform to its format: it is not an image, or it is damaged.</summary>
public abstract class QedFormatException : QedException
{
    private protected QedFormatException(string path, string message, Exception? innerException = null)
        : base(path, message, innerException)
    {
    }
}
