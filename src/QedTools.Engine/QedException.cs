using System;

namespace QedTools;

/// <summary>The base of every error that the engine reports about an image, a file or a request.</summary>
/// <remarks>
/// The message says what happened, to which file, and, unless <see cref="Remedy"/> does, what to do. It is one line, whatever the names in it.
/// Each kind of error has its own class, so that a caller can tell them apart without reading text.
/// </remarks>
public abstract class QedException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="path">The file it is about.</param>
    /// <param name="message">What happened and what to do.</param>
    /// <param name="innerException">The cause, or null.</param>
    protected QedException(string path, string message, Exception? innerException = null)
        : base(PrintableText.Of(message), innerException) => Path = path;

    /// <summary>The path of the file that the error is about.</summary>
    public string Path { get; }

    /// <summary>What would help, for the program that puts it into words for its user.</summary>
    public virtual QedRemedy Remedy => QedRemedy.None;
}
