namespace QedTools.Storage;

/// <summary>What a file is opened for, and with that which lock is taken on it.</summary>
internal enum StorageAccess
{
    /// <summary>Reading, beside anybody, without a lock: what is read may be changing.</summary>
    Inspect,

    /// <summary>Reading contents that must stand still: beside other readers, never beside a writer.</summary>
    Read,

    /// <summary>Writing: beside nobody who writes, or who needs the contents to stand still.</summary>
    Write,
}
