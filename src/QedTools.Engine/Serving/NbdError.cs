namespace QedTools.Serving;

/// <summary>The errors of a reply, as numbers of the protocol, whatever the host's are.</summary>
internal enum NbdError : uint
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The export is read-only (EPERM).</summary>
    NotPermitted = 1,

    /// <summary>The disk could not be read or written (EIO).</summary>
    InputOutput = 5,

    /// <summary>There is not enough memory (ENOMEM).</summary>
    NoMemory = 12,

    /// <summary>The request is not valid (EINVAL).</summary>
    Invalid = 22,

    /// <summary>There is no space left, or the disk ends before (ENOSPC).</summary>
    NoSpace = 28,

    /// <summary>It is too long (EOVERFLOW).</summary>
    Overflow = 75,

    /// <summary>It cannot be done the way that was asked for (ENOTSUP).</summary>
    NotSupported = 95,

    /// <summary>The server is about to end (ESHUTDOWN).</summary>
    Shutdown = 108,
}
