using System;

namespace QedTools.Disks;

/// <summary>What a format lets the maker of a disk choose.</summary>
[Flags]
internal enum NewDiskChoices
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><see cref="NewDisk.ClusterSize"/>.</summary>
    ClusterSize = 1,

    /// <summary><see cref="NewDisk.TableSize"/>.</summary>
    TableSize = 2,

    /// <summary><see cref="NewDisk.BlockSize"/>.</summary>
    BlockSize = 4,

    /// <summary><see cref="NewDisk.SectorSize"/>.</summary>
    SectorSize = 8,

    /// <summary><see cref="NewDisk.IsFixed"/>.</summary>
    Fixed = 16,

    /// <summary><see cref="NewDisk.Backing"/>.</summary>
    Backing = 32,
}
