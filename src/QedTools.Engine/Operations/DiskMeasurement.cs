using System;
using System.IO;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;

namespace QedTools;

/// <summary>Tells how large the result of a conversion will be, without making it. Never changes a byte.</summary>
public static class DiskMeasurement
{
    // Data is not read, so that a piece of it can have any length.
    private const int PieceBytes = 1 << 30;

    /// <summary>Measures the result of a conversion.</summary>
    /// <param name="path">The source.</param>
    /// <param name="destinationPath">The result's file, which is not created: its extension means a format, and relative names of backing files begin in its folder.</param>
    /// <param name="options">The conversion, and how to measure.</param>
    /// <param name="progress">Receives the bytes of the disk examined; may be null.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <returns>The sizes.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The source cannot be read, or the result cannot have what was asked for.</exception>
    public static QedMeasure Run(
        string path,
        string destinationPath,
        DiskMeasurementOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        DiskConversionOptions conversion = options.Conversion;
        using BackingChain source = DiskConversion.OpenSource(path, conversion);
        NewDisk disk = DiskConversion.Examine(source, destinationPath, conversion);
        using BackingChain? backing = DiskConversion.OpenBacking(destinationPath, disk, conversion);
        IDisk from = DiskConversion.ToReadable(source, conversion.Salvage ? new LostRanges() : null);
        MeteredDisk meter = Measure(from, disk, backing?.ToDisk(), conversion.ScanZeroes, progress, cancellation);
        source.RequireUnchanged();
        backing?.RequireUnchanged();
        return new QedMeasure
        {
            Path = Path.GetFullPath(path),
            Format = DiskFormats.Of(DiskConversion.FormatOf(destinationPath, conversion.Format)).Name,
            VirtualSize = disk.VirtualSize,
            RequiredBytes = meter.RequiredBytes,
            AllocatedBytes = conversion.FullyAllocated ? meter.RequiredBytes : meter.AllocatedBytes,
            FullyAllocatedBytes = meter.FullyAllocatedBytes,
            BackingFile = disk.Backing?.Name,
            IsUpperBound = disk.Size.IsUpperBound || !(conversion.ScanZeroes || disk.Size.HoldsAll),
        };
    }

    /// <summary>A disk that counts what the file of a new disk would store.</summary>
    internal static MeteredDisk MeterFor(NewDisk disk, IDisk? backing) => disk.Size.IsDifferencing
        ? new MeteredDifferences(disk.Size, disk.VirtualSize, backing)
        : new MeteredDisk(disk.Size, disk.VirtualSize, backing);

    /// <summary>Counts what a copy would store.</summary>
    internal static MeteredDisk Measure(
        IDisk from, NewDisk disk, IDisk? backing, bool scanZeroes, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        MeteredDisk meter = MeterFor(disk, backing);
        if (scanZeroes)
        {
            DiskCopy.Run(from, new CopyTarget(meter, disk.Size.Granule, backing, FlushedLater: null), progress, cancellation);
            return meter;
        }

        foreach (DiskPiece piece in DiskPieces.Of(
            from, backing, 0, from.Length, PieceBytes, cancellation, backing is null ? 1 : disk.Size.Granule))
        {
            if (piece.HasData)
            {
                meter.AddData(piece.Offset, piece.Length);
            }
            else if (piece.OtherHasData)
            {
                meter.AddZeroes(piece.Offset, piece.Length);
            }

            progress?.Report(new OperationProgress(piece.End, from.Length));
        }

        if (backing is not null && disk.VirtualSize > from.Length)
        {
            meter.Zero(from.Length, disk.VirtualSize - from.Length);
        }

        return meter;
    }
}
