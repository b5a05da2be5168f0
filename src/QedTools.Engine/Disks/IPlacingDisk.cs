using System.Threading;

namespace QedTools.Disks;

/// <summary>A disk that can store its clusters in any order, so that data scattered over the disk can lie in its file as it does in another one.</summary>
internal interface IPlacingDisk : ISharingDisk
{
    /// <summary>The size of its clusters, in bytes: only whole ones can be placed.</summary>
    int PlacedUnit { get; }

    /// <summary>Whether the file holds no data for a range, so that it can be placed. Many threads may ask while one writes elsewhere.</summary>
    /// <param name="offset">Where on the disk it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1, within the disk.</param>
    /// <exception cref="QedException">The tables could not be read or are damaged.</exception>
    bool HoldsNothing(long offset, long length);

    /// <summary>Stores the data of extents in new clusters, in the order of the file that it comes from.</summary>
    /// <param name="extents">Extents of whole clusters for which this disk's file holds nothing.</param>
    /// <param name="shared">Counts what was not copied but shared.</param>
    /// <param name="cancellation">Stops it while data is stored: then the disk reads as before.</param>
    /// <exception cref="System.OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A file could not be read or written. The disk still reads as before, or a part of it has the new data.</exception>
    void Write(ScatteredExtents extents, SharedBytes shared, CancellationToken cancellation);
}
