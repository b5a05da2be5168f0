using System;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>The incompatible features of a file of version 3: whoever does not know one must not open the file.</summary>
[Flags]
internal enum Qcow2Features : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The refcounts may be wrong (lazy refcounts of a file that was not closed). Reading needs none of them.</summary>
    Dirty = 1,

    /// <summary>
    /// Somebody found damage in the tables. QEMU opens such a file for reading; so it is read here, and each entry is judged by
    /// itself.
    /// </summary>
    Corrupt = 2,

    /// <summary>The data is in another file.</summary>
    ExternalDataFile = 4,

    /// <summary>Compressed clusters are not deflated, but what <see cref="Qcow2Header.CompressionType"/> says.</summary>
    CompressionType = 8,

    /// <summary>The entries of L2 tables have 128 bits and tell of subclusters.</summary>
    ExtendedL2 = 16,
}
