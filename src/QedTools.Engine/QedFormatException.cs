using System;

namespace QedTools;

/// <summary>A file is not what its format wants it to be: no image, or a damaged one.</summary>
public abstract class QedFormatException : QedException
{
    private protected QedFormatException(string path, string message, Exception? innerException = null)
        : base(path, message, innerException)
    {
    }
}
