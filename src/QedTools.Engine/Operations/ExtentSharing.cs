using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>Gives a disk the data of another one by sharing the blocks of its files, where the file system can do that.</summary>
/// <remarks>What is shared is not read, so zeroes in it are not noticed.</remarks>
internal sealed class ExtentSharing
{
    private readonly ILocatedDisk _source;
    private readonly ISharingDisk _target;
    private readonly IPlacingDisk? _placing;
    private readonly int _granule;
    private readonly SharedBytes _shared = new();
    private KnownFile? _known;
    private bool? _isPossible;

    private ExtentSharing(ILocatedDisk source, ISharingDisk target, int granule, bool skipsGaps)
    {
        _source = source;
        _target = target;
        _placing = skipsGaps ? target as IPlacingDisk : null;
        _granule = granule;
    }

    /// <summary>How much was shared so far, in bytes.</summary>
    public long Bytes => _shared.Count;

    /// <summary>Whether it was tried, and there was no file yet whose blocks can be shared.</summary>
    public bool IsHopeless => _isPossible == false;

    /// <summary>Prepares sharing between two disks; null if one of them does not support it, whatever its file.</summary>
    /// <param name="source">The disk that has the data.</param>
    /// <param name="target">The disk that is to have it too.</param>
    /// <param name="granule">The smallest unit that the target stores, in bytes.</param>
    /// <param name="skipsGaps">Whether nothing is written where the source is unallocated, so that what is shared at once may extend over long gaps.</param>
    public static ExtentSharing? Between(IDisk source, IDisk target, int granule, bool skipsGaps) =>
        source is ILocatedDisk located && target is ISharingDisk sharing ? new ExtentSharing(located, sharing, granule, skipsGaps) : null;

    /// <summary>Whether the blocks of an extent can be shared, or most of them. Many threads may ask.</summary>
    /// <param name="extent">An extent of the source.</param>
    /// <exception cref="QedException">A file could not be read.</exception>
    public bool CanShare(in DiskExtent extent)
    {
        if (extent.State != QedExtentState.Data || _source.FileOf(extent) is not { } file)
        {
            return false;
        }

        if (_target.SharingUnitWith(file) is not { } unit)
        {
            _isPossible ??= false;
            return false;
        }

        _isPossible = true;

        if (_known is not { } known || known.Storage != file)
        {
            _known = known = new KnownFile(file, file.Length);
        }

        // Within its granules the target has the same offsets as the disk.
        return _granule % unit == 0
            && extent.Length <= known.Length - extent.FileOffset
            && SharedPart.TryFind(extent.FileOffset, extent.Start, extent.Length, unit, out _);
    }

    /// <summary>Whether the target can store an extent wherever it likes, together with others of the same file. Many threads may ask.</summary>
    /// <param name="extent">An extent of the source.</param>
    /// <param name="file">The file that the others are in; if there are none yet, the file that this one is in.</param>
    /// <exception cref="QedException">A file could not be read.</exception>
    public bool CanPlace(in DiskExtent extent, ref IStorage? file)
    {
        if (_placing is null || extent.Start % _placing.PlacedUnit != 0 || extent.Length % _placing.PlacedUnit != 0 || !CanShare(extent))
        {
            return false;
        }

        IStorage? here = _source.FileOf(extent);
        file ??= here;
        return here == file && _placing.HoldsNothing(extent.Start, extent.Length);
    }

    /// <summary>Writes an extent of the source to the target: shares the whole blocks in it, and copies the rest.</summary>
    /// <param name="extent">An extent that can be shared.</param>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public void Write(in DiskExtent extent)
    {
        IStorage file = _source.FileOf(extent) ?? throw new ArgumentException("The extent cannot be shared.", nameof(extent));
        _target.Write(extent.Start, new DiskContent(file, extent.FileOffset, extent.Length, _shared));
    }

    /// <summary>Writes the data of a piece that is to be shared.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="cancellation">Stops it where many extents are written together.</param>
    /// <returns>Its extents in order, each after its data was written; what becomes of those without data is up to the caller.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public IEnumerable<DiskExtent> Write(DiskPiece piece, CancellationToken cancellation)
    {
        if (piece.Scattered is { } scattered)
        {
            _placing!.Write(scattered, _shared, cancellation);
        }

        foreach (DiskExtent extent in piece.Shared ?? ExtentWalk.Over(_source, piece.Offset, piece.Length, cancellation))
        {
            if (extent.State == QedExtentState.Data && piece.Scattered is null)
            {
                Write(extent);
            }

            yield return extent;
        }
    }

    /// <summary>Reports how much was shared, if anything was.</summary>
    /// <param name="trace">Receives it; may be null.</param>
    /// <param name="path">The file that has the data now.</param>
    public void Report(OperationTrace? trace, string path)
    {
        if (Bytes > 0)
        {
            trace?.Decision?.Invoke(string.Format(
                CultureInfo.InvariantCulture,
                "{0}: {1} of its data share the blocks of the files that it comes from, so that they were not copied and take no space.",
                PrintableText.Of(path),
                ByteSize.FormatExact(Bytes)));
        }
    }

    private sealed record KnownFile(IStorage Storage, long Length);
}
