using System;
using System.Collections.Generic;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>Gives a disk the data of another one by sharing the blocks of its files, where the file system can do that.</summary>
/// <remarks>What is shared is not read, so zeroes in it are not noticed.</remarks>
internal sealed class ExtentSharing
{
    private readonly ILocatedDisk _source;
    private readonly ISharingDisk _target;
    private readonly int _granule;
    private readonly SharedBytes _shared = new();
    private KnownFile? _known;
    private bool? _isPossible;

    private ExtentSharing(ILocatedDisk source, ISharingDisk target, int granule)
    {
        _source = source;
        _target = target;
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
    public static ExtentSharing? Between(IDisk source, IDisk target, int granule) =>
        source is ILocatedDisk located && target is ISharingDisk sharing ? new ExtentSharing(located, sharing, granule) : null;

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
    /// <returns>Its extents in order, each after its data was written; what becomes of those without data is up to the caller.</returns>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public IEnumerable<DiskExtent> Write(DiskPiece piece)
    {
        for (long at = piece.Offset; at < piece.End;)
        {
            DiskExtent extent = _source.ExtentAt(at, piece.End - at);
            if (extent.State == QedExtentState.Data)
            {
                Write(extent);
            }

            yield return extent;
            at = extent.End;
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
