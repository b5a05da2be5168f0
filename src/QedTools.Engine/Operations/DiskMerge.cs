using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools;

/// <summary>Commits overlays into files below them.</summary>
/// <remarks>
/// The overlay is emptied only when all its contents are in that file and flushed. Until then it covers whatever part of
/// them the file already has, so a crash at any point leaves an overlay that reads as before. So do the layers between: what they show of
/// the file is copied into the lowest of them, and flushed, before it changes.
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
        using BackingChain chain = Open(path, options, out QedImage top, out int depth);
        MergeRanges ranges = Prepare(chain, top, depth, options, cancellation, out Sum preserved);
        Sum moved = new();
        foreach (DiskPiece piece in ranges.All(cancellation))
        {
            moved.Add(piece);
        }

        return Result(chain, depth, moved, preserved, options);
    }

    /// <summary>Writes all contents of an overlay into a file below it, and empties the overlay.</summary>
    /// <param name="path">The overlay.</param>
    /// <param name="options">How to merge.</param>
    /// <param name="progress">Receives the progress of the merge over the disk; may be null.</param>
    /// <param name="cancellation">Stops the merge; the overlay and the layers between read as before.</param>
    /// <returns>What was moved.</returns>
    /// <exception cref="QedCorruptException">The backing file is damaged, or the overlay was not closed cleanly and is damaged.</exception>
    /// <exception cref="QedRequestException">The image has no backing file, or not the requested one.</exception>
    /// <exception cref="QedLimitException">The backing file cannot grow to the size of the overlay.</exception>
    /// <exception cref="QedImageInUseException">Another process has one of the files open.</exception>
    /// <exception cref="QedBackingFileSharedException">Another image is based on the backing file too, and that was not allowed.</exception>
    /// <exception cref="QedDiskFullException">There are layers between, and not enough space for what is written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A file cannot be opened, read or written.</exception>
    public static QedMergeResult Run(
        string path, DiskMergeOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage top, out int depth);
        MergeRanges ranges = Prepare(chain, top, depth, options, cancellation, out Sum preserved);
        IDiskLayer below = chain.Layers[depth];

        // Other overlays were looked for just now.
        chain.BeginWriting(depth, OtherOverlays.Allow, progress: null, cancellation);

        IDisk merged = chain.ToDiskOf(0, depth);
        IDisk target = chain.ToDisk(depth);
        if (target.Length < merged.Length)
        {
            options.Trace?.Decision?.Invoke(
                $"{PrintableText.Of(below.Storage.Path)}: it grows from {target.Length} to {merged.Length} bytes, the size of the overlay.");
            target.SetLength(merged.Length);
        }

        StagedProgress? stages = progress is null ? null : new StagedProgress(progress, depth == 1 ? 1 : preserved.IsEmpty ? 2 : 3);
        ExtentSharing? sharing = ExtentSharing.Between(merged, target, below.Granule, skipsGaps: true);
        Merger merger = new(merged, target, below.Storage, sharing, cancellation);
        Move(ranges.FromLowest(sharing, cancellation));
        if (!preserved.IsEmpty)
        {
            stages?.NextStage();
            IDiskLayer lowest = chain.Layers[depth - 1];
            options.Trace?.Decision?.Invoke(
                $"{PrintableText.Of(lowest.Storage.Path)}: it gets what '{PrintableText.Of(below.Storage.Path)}' holds where that changes, so that it reads as before.");
            chain.BeginWriting(depth - 1, OtherOverlays.Unaffected, progress: null, cancellation);
            IDisk kept = chain.ToDisk(depth - 1);
            ExtentSharing? keeping = ExtentSharing.Between(target, kept, lowest.Granule, skipsGaps: false);
            CopyTarget copy = new(kept, UnitOf(lowest), ShownBefore: null, lowest.Storage) { HoldsOtherData = true, Sharing = keeping };
            DiskCopy.RunOver(ranges.Shown(cancellation), target, copy, stages, cancellation);
            lowest.EndWriting();
            keeping?.Report(options.Trace, lowest.Storage.Path);
        }

        if (depth > 1)
        {
            stages?.NextStage();
            Move(ranges.FromAbove(sharing, cancellation));
        }

        below.EndWriting();
        sharing?.Report(options.Trace, below.Storage.Path);
        chain.RequireUnchanged();
        if (!options.Keep)
        {
            if (depth > 1)
            {
                top.SetBacking(ReferenceTo(chain, depth));
            }

            chain.BeginWriting(0, OtherOverlays.Unaffected, progress: null, cancellation: default);
            top.Clear();
            top.EndWriting();
        }

        return Result(chain, depth, merger.Moved, preserved, options);

        void Move(IEnumerable<DiskPiece> pieces) => OrderedWork.Run(
            pieces,
            merger.NewWorker,
            piece => stages?.Report(new OperationProgress(piece.End, merged.Length)),
            cancellation);
    }

    private static BackingChain Open(string path, DiskMergeOptions options, out QedImage top, out int depth)
    {
        ChainPolicy policy = new(StorageAccess.Write, options.AllowUnc) { Trace = options.Trace };
        string? identity = options.Into is null ? null : HostFiles.IdentityOf(options.Into);
        depth = options.Into is null ? 1 : DepthOf(path, identity, options);
        BackingChain chain = BackingChain.OpenAll(
            path, DiskFormats.Qed, policy with { FurtherWritable = depth > 1 ? [depth - 1, depth] : [depth] }, out top);
        try
        {
            if (chain.Layers.Count == 1)
            {
                throw new QedRequestException(
                    top.Storage.Path, "Path", top.Storage.Path, "an overlay", $"'{top.Storage.Path}' has no backing file to merge into. Name an overlay.");
            }

            // The names may lead elsewhere by now.
            return options.Into is null || (chain.Layers.Count > depth && chain.Layers[depth].Storage.Identity == identity) ? chain : throw NotBelow(path, options.Into);
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    // Which layers are written to must be known before they are opened.
    private static int DepthOf(string path, string? identity, DiskMergeOptions options)
    {
        using BackingChain chain = BackingChain.OpenTop(
            path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Inspect, options.AllowUnc) { Trace = options.Trace?.WithoutWarnings() });
        while (chain.OpenNext())
        {
            if (chain.Layers[chain.Layers.Count - 1].Storage.Identity == identity)
            {
                return chain.Layers.Count - 1;
            }
        }

        throw NotBelow(path, options.Into!);
    }

    private static QedRequestException NotBelow(string path, string into) => new(
        path, "Into", into, "a file below the overlay", $"'{into}' is not below '{path}'. Name its backing file, or one further down.");

    // Makes all checks, and changes nothing.
    private static MergeRanges Prepare(
        BackingChain chain, QedImage top, int depth, DiskMergeOptions options, CancellationToken cancellation, out Sum preserved)
    {
        preserved = new Sum();
        IDiskLayer below = chain.Layers[depth];
        IDiskLayer lowest = chain.Layers[depth - 1];
        if (below.MaxVirtualSize < top.VirtualSize)
        {
            throw new QedLimitException(
                top.Storage.Path,
                "Path",
                top.VirtualSize,
                $"up to {below.MaxVirtualSize} bytes",
                $"'{top.Storage.Path}' is a disk of {top.VirtualSize} bytes, but the tables of its backing file '{below.Storage.Path}' can map only {below.MaxVirtualSize}. Convert the overlay to a new image instead.");
        }

        chain.RequireWritable(0, OtherOverlays.Unaffected, progress: null, cancellation);
        chain.RequireWritable(depth, OthersFor(options), progress: null, cancellation);
        IDisk lowestAlone = chain.ToDiskOf(depth - 1, depth);
        long shownEnd = chain.Layers.Take(depth).Skip(1).Select(layer => layer.VirtualSize).DefaultIfEmpty(long.MaxValue).Min();
        MergeRanges ranges = new(chain.ToDiskOf(0, depth), lowestAlone, UnitOf(lowest), depth, chain.ToDisk(depth), shownEnd);
        if (depth > 1)
        {
            if (!options.Keep)
            {
                top.RequireBacking(ReferenceTo(chain, depth));
            }

            MergeSpace copied = new(lowest, lowestAlone);
            MergeSpace moved = new(below, chain.ToDiskOf(depth, depth + 1));
            foreach (DiskPiece piece in ranges.Preserved(cancellation))
            {
                copied.Add(piece);
                preserved.Add(piece);
            }

            if (!preserved.IsEmpty)
            {
                chain.RequireWritable(depth - 1, OtherOverlays.Unaffected, progress: null, cancellation);
            }

            foreach (DiskPiece piece in ranges.All(cancellation))
            {
                moved.Add(piece);
            }

            MergeSpace.Require(copied, moved);
        }

        return ranges;
    }

    private static int UnitOf(IDiskLayer layer) => layer.AllocationUnit ?? Sector.Size;

    // By its name alone where that is enough, so that a folder of images can be moved.
    private static BackingReference ReferenceTo(BackingChain chain, int depth)
    {
        string path = Path.GetFullPath(chain.Layers[0].Storage.Path);
        IDiskLayer layer = chain.Layers[depth];
        string full = Path.GetFullPath(layer.Storage.Path);
        string name = Path.GetFileName(full);
        name = BackingFilePath.HasProtocol(name) ? "./" + name : name;
        bool isBeside = HostFiles.IdentityOf(Path.Combine(HostFiles.FolderOf(path), name)) == layer.Storage.Identity;
        return new BackingReference(isBeside ? name : full, IsRaw: layer.FormatName == DiskFormats.Raw.Name);
    }

    private static OtherOverlays OthersFor(DiskMergeOptions options) =>
        options.AllowOtherOverlays ? OtherOverlays.Allow : OtherOverlays.Refuse;

    private static QedMergeResult Result(BackingChain chain, int depth, Sum moved, Sum preserved, DiskMergeOptions options) => new()
    {
        Path = Path.GetFullPath(chain.Layers[0].Storage.Path),
        BackingFilePath = Path.GetFullPath(chain.Layers[depth].Storage.Path),
        BytesMerged = moved.Data,
        BytesZeroed = moved.Zeroes,
        BytesPreserved = preserved.Data,
        IsEmptied = !options.Keep,
    };

    private sealed class Sum
    {
        public long Data { get; private set; }

        public long Zeroes { get; private set; }

        public bool IsEmpty => Data == 0 && Zeroes == 0;

        public void Add(in DiskPiece piece) => Add(piece.HasData, piece.Length);

        public void Add(bool isData, long length)
        {
            Data += isData ? length : 0;
            Zeroes += isData ? 0 : length;
        }
    }

    // Counts what was moved, over all workers.
    private sealed class Merger(IDisk source, IDisk target, IStorage? file, ExtentSharing? sharing, CancellationToken cancellation)
    {
        private readonly Writeback _writeback = new(file);

        public Sum Moved { get; } = new();

        public IPieceWorker<DiskPiece> NewWorker() => new Worker(this);

        private sealed class Worker(Merger merger) : IPieceWorker<DiskPiece>
        {
            private readonly WorkBuffer<byte> _data = new(DiskCopy.PieceBytes);

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
                    return;
                }

                if (piece.HasData)
                {
                    merger.Write(piece.Offset, _data.AsSpan(0, (int)piece.Length));
                }
                else
                {
                    merger.Zero(piece.Offset, piece.Length);
                }

                merger.Moved.Add(piece);
            }

            public void Dispose() => _data.Dispose();
        }

        private void Read(long offset, Span<byte> data) => source.Read(offset, data);

        private void Write(long offset, ReadOnlySpan<byte> data)
        {
            target.Write(offset, data);
            _writeback.Note(data.Length);
        }

        private void Share(in DiskPiece piece)
        {
            foreach (DiskExtent extent in sharing!.Write(piece, cancellation))
            {
                if (extent.State == QedExtentState.Zero)
                {
                    Zero(extent.Start, extent.Length);
                }

                if (extent.State != QedExtentState.Unallocated)
                {
                    Moved.Add(extent.State == QedExtentState.Data, extent.Length);
                }
            }
        }

        private void Zero(long offset, long length) => target.Zero(offset, length);
    }
}
