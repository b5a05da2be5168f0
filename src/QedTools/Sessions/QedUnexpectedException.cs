using System;
using QedTools.Sessions;

namespace QedTools;

/// <summary>An error that no part of the program expects: a fault of its own. The cause is the inner exception.</summary>
public sealed class QedUnexpectedException : QedException
{
    internal QedUnexpectedException(string path, Exception cause)
        : base(path, Messages.Unexpected(path, cause), cause)
    {
    }
}
