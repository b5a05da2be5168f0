using System;

namespace QedTools;

/// <summary>The base of every error that the engine reports about an image, a file or a request.</summary>
/// <remarks>
/// The message says what happened, to which file, and, where <see cref="Remedy"/> does not, what to do, in one line whatever the names in it. Each
/// kind of error is a class of its own, so that a caller can tell them apart without reading text.
/// </remarks>
public abstract class QedException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="path">The file it is about.</param>
    /// <param name="message">What happened and what to do.</param>
    /// <param name="innerException">What caused it, or null.</param>
    protected QedException(string path, string message, Exception? innerException = null)
        : base(PrintableText.Of(message), innerException) => Path = path;

    /// <summary>The path of the file that the error is about.</summary>
    public string Path { get; }

    /// <summary>What would help, for whoever words it for a user.</summary>
    public virtual QedRemedy Remedy => QedRemedy.None;
}
