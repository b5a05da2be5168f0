using System.Collections.Generic;

namespace QedTools.Disks;

/// <summary>A layer whose file can store earlier states of its disk.</summary>
internal interface ISnapshotLayer : IDiskLayer
{
    /// <summary>The states that the file stores, in file order; each is read when it is requested.</summary>
    /// <exception cref="QedException">The list is damaged or could not be read; thrown by the enumeration.</exception>
    IEnumerable<DiskSnapshot> Snapshots { get; }

    /// <summary>Makes the layer show the disk as it was in a snapshot; to be called before <see cref="IDiskLayer.ToDisk"/>.</summary>
    /// <param name="snapshot">One of <see cref="Snapshots"/>.</param>
    /// <exception cref="QedException">The snapshot is damaged or could not be read.</exception>
    void UseSnapshot(in DiskSnapshot snapshot);
}
