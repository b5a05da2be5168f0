using System;
using QedTools.Sessions;

namespace QedTools;

/// <summary>An error that no part of the program expects, and therefore a bug. The inner exception is the cause.</summary>
public sealed class QedUnexpectedException : QedException
{
    internal QedUnexpectedException(string path, Exception cause)
        : base(path, Messages.Unexpected(path, cause), cause)
    {
    }
}
