using System;

namespace QedTools.Disks;

/// <summary>What a format lets the creator of a disk choose.</summary>
[Flags]
internal enum DiskChoices
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><see cref="DiskRequest.ClusterSize"/>.</summary>
    ClusterSize = 1,

    /// <summary><see cref="DiskRequest.TableSize"/>.</summary>
    TableSize = 2,

    /// <summary><see cref="DiskRequest.BlockSize"/>.</summary>
    BlockSize = 4,

    /// <summary><see cref="DiskRequest.SectorSize"/>.</summary>
    SectorSize = 8,

    /// <summary><see cref="DiskRequest.IsFixed"/>.</summary>
    Fixed = 16,

    /// <summary><see cref="DiskRequest.Backing"/>.</summary>
    Backing = 32,

    /// <summary><see cref="DiskRequest.Compression"/>.</summary>
    Compression = 64,

    /// <summary><see cref="DiskRequest.BackingFormat"/>.</summary>
    BackingFormat = 128,

    /// <summary><see cref="DiskRequest.AdapterType"/>.</summary>
    AdapterType = 256,
}
