using System;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>The incompatible features of a file of version 3: a program that does not know one must not open the file.</summary>
[Flags]
internal enum Qcow2Features : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The refcounts may be wrong (lazy refcounts of a file that was not closed). Reading does not need them.</summary>
    Dirty = 1,

    /// <summary>
    /// A program found damage in the tables. QEMU opens such a file for reading, so it is read here too, and each entry is checked by
    /// itself.
    /// </summary>
    Corrupt = 2,

    /// <summary>The data is in another file.</summary>
    ExternalDataFile = 4,

    /// <summary>Compressed clusters are not deflated, but packed as <see cref="Qcow2Header.CompressionType"/> says.</summary>
    CompressionType = 8,

    /// <summary>The entries of L2 tables have 128 bits and describe subclusters.</summary>
    ExtendedL2 = 16,
}
