using System;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>What kind of item a metadata item is ([MS-VHDX], 2.6.1.2).</summary>
[Flags]
internal enum MetadataItemFlags : uint
{
    /// <summary>None of the following.</summary>
    None = 0,

    /// <summary>It belongs to a user, not to the format.</summary>
    IsUser = 1,

    /// <summary>It is about the disk, not the file.</summary>
    IsVirtualDisk = 2,

    /// <summary>A program that does not know it must not open the file.</summary>
    IsRequired = 4,
}
