using System;
using System.IO;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools;

/// <summary>Commits overlays into their backing files.</summary>
/// <remarks>
/// The overlay is emptied only when all its contents are in the backing file and flushed. Until then it covers whatever part of
/// them the backing file already has, so a crash at any point leaves an overlay that reads as before.
/// </remarks>
public static class DiskMerge
{
    /// <summary>Reports how much would be moved. Never changes a byte.</summary>
    /// <param name="path">The overlay.</param>
    /// <param name="options">How to merge.</param>
    /// <param name="cancellation">Stops the planning.</param>
    /// <returns>What would be moved.</returns>
    /// <exception cref="QedException">It cannot be done.</exception>
    public static QedMergeResult Plan(string path, DiskMergeOptions options, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out _);
        IDisk overlay = RequireOverlay(chain);
        chain.RequireWritable(0, OtherOverlays.Unaffected, progress: null, cancellation);
        chain.RequireWritable(1, OthersFor(options), progress: null, cancellation);
        long data = 0;
        long zeroes = 0;
        foreach (DiskExtent extent in ExtentWalk.Over(overlay, 0, overlay.Length, cancellation))
        {
            data += extent.State == QedExtentState.Data ? extent.Length : 0;
            zeroes += extent.State == QedExtentState.Zero ? extent.Length : 0;
        }

        return Result(chain, data, zeroes, options);
    }

    /// <summary>Writes all contents of an overlay into its backing file, and empties the overlay.</summary>
    /// <param name="path">The overlay.</param>
    /// <param name="options">How to merge.</param>
    /// <param name="progress">Receives the progress of the merge over the disk; may be null.</param>
    /// <param name="cancellation">Stops the merge; the overlay reads as before.</param>
    /// <returns>What was moved.</returns>
    /// <exception cref="QedCorruptException">The backing file is damaged, or the overlay was not closed cleanly and is damaged.</exception>
    /// <exception cref="QedRequestException">The image has no backing file.</exception>
    /// <exception cref="QedLimitException">The backing file cannot grow to the size of the overlay.</exception>
    /// <exception cref="QedImageInUseException">Another process has one of the two open.</exception>
    /// <exception cref="QedBackingFileSharedException">Another image is based on the backing file too, and that was not allowed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A file cannot be opened, read or written.</exception>
    public static QedMergeResult Run(
        string path, DiskMergeOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage top);
        IDisk overlay = RequireOverlay(chain);
        IDiskLayer below = chain.Layers[1];
        chain.RequireWritable(0, OtherOverlays.Unaffected, progress: null, cancellation);
        chain.BeginWriting(1, OthersFor(options), progress: null, cancellation);

        IDisk target = chain.ToDisk(depth: 1);
        if (target.Length < overlay.Length)
        {
            options.Trace?.Decision?.Invoke(
                $"{PrintableText.Of(below.Storage.Path)}: it grows from {target.Length} to {overlay.Length} bytes, the size of the overlay.");
            target.SetLength(overlay.Length);
        }

        ExtentSharing? sharing = ExtentSharing.Between(overlay, target, below.Granule);
        Merger merger = new(overlay, target, below.Storage, sharing);
        OrderedWork.Run(
            DiskPieces.Of(overlay, other: null, 0, overlay.Length, DiskCopy.PieceBytes, cancellation, sharing: sharing),
            merger.NewWorker,
            piece => progress?.Report(new OperationProgress(piece.End, overlay.Length)),
            cancellation);
        below.EndWriting();
        sharing?.Report(options.Trace, below.Storage.Path);
        chain.RequireUnchanged();
        if (!options.Keep)
        {
            chain.BeginWriting(0, OtherOverlays.Unaffected, progress: null, cancellation: default);
            top.Clear();
            top.EndWriting();
        }

        return Result(chain, merger.Data, merger.Zeroes, options);
    }

    private static BackingChain Open(string path, DiskMergeOptions options, out QedImage top) => BackingChain.OpenAll(
        path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, options.AllowUnc) { WritableLayers = 2, Trace = options.Trace }, out top);

    // The layer alone: what it leaves to the backing file is already there.
    private static IDisk RequireOverlay(BackingChain chain)
    {
        IDiskLayer top = chain.Layers[0];
        if (chain.Layers.Count == 1)
        {
            throw new QedRequestException(
                top.Storage.Path, "Path", top.Storage.Path, "an overlay", $"'{top.Storage.Path}' has no backing file to merge into. Name an overlay.");
        }

        IDiskLayer below = chain.Layers[1];
        return below.MaxVirtualSize < top.VirtualSize
            ? throw new QedLimitException(
                top.Storage.Path,
                "Path",
                top.VirtualSize,
                $"up to {below.MaxVirtualSize} bytes",
                $"'{top.Storage.Path}' is a disk of {top.VirtualSize} bytes, but the tables of its backing file '{below.Storage.Path}' can map only {below.MaxVirtualSize}. Convert the overlay to a new image instead.")
            : top.ToDisk(backing: null);
    }

    private static OtherOverlays OthersFor(DiskMergeOptions options) =>
        options.AllowOtherOverlays ? OtherOverlays.Allow : OtherOverlays.Refuse;

    private static QedMergeResult Result(BackingChain chain, long data, long zeroes, DiskMergeOptions options) => new()
    {
        Path = Path.GetFullPath(chain.Layers[0].Storage.Path),
        BackingFilePath = Path.GetFullPath(chain.Layers[1].Storage.Path),
        BytesMerged = data,
        BytesZeroed = zeroes,
        IsEmptied = !options.Keep,
    };

    // Counts what was moved, over all workers.
    private sealed class Merger(IDisk overlay, IDisk target, IStorage file, ExtentSharing? sharing)
    {
        private readonly Writeback _writeback = new(file);

        public long Data { get; private set; }

        public long Zeroes { get; private set; }

        public IPieceWorker<DiskPiece> NewWorker() => new Worker(this);

        private sealed class Worker(Merger merger) : IPieceWorker<DiskPiece>
        {
            private readonly byte[] _data = new byte[DiskCopy.PieceBytes];

            public void Prepare(DiskPiece piece)
            {
                if (piece.HasData && !piece.IsShared)
                {
                    merger.Read(piece.Offset, _data.AsSpan(0, (int)piece.Length));
                }
            }

            public void Finish(DiskPiece piece)
            {
                if (piece.IsShared)
                {
                    merger.Share(piece);
                }
                else if (piece.HasData)
                {
                    merger.Write(piece.Offset, _data.AsSpan(0, (int)piece.Length));
                }
                else if (piece.State == QedExtentState.Zero)
                {
                    merger.Zero(piece.Offset, piece.Length);
                }
            }
        }

        private void Read(long offset, Span<byte> data) => overlay.Read(offset, data);

        private void Write(long offset, ReadOnlySpan<byte> data)
        {
            target.Write(offset, data);
            Data += data.Length;
            _writeback.Note(data.Length);
        }

        private void Share(in DiskPiece piece)
        {
            for (long at = piece.Offset; at < piece.End;)
            {
                DiskExtent extent = overlay.ExtentAt(at, piece.End - at);
                if (extent.State == QedExtentState.Data)
                {
                    sharing!.Write(extent);
                    Data += extent.Length;
                }
                else if (extent.State == QedExtentState.Zero)
                {
                    Zero(at, extent.Length);
                }

                at = extent.End;
            }
        }

        private void Zero(long offset, long length)
        {
            target.Zero(offset, length);
            Zeroes += length;
        }
    }
}
