namespace QedTools.Storage;

/// <summary>What a file is opened for, which also decides which lock is taken on it.</summary>
internal enum StorageAccess
{
    /// <summary>Reading alongside any other access, without a lock: the contents may be changing.</summary>
    Inspect,

    /// <summary>Reading contents that must not change: alongside other readers, never alongside a writer.</summary>
    Read,

    /// <summary>Writing: never alongside another writer, or a reader that needs the contents not to change.</summary>
    Write,
}
