using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The target of a copy.</summary>
/// <param name="Disk">The disk that is written to.</param>
/// <param name="Granule">The smallest unit that it stores, in bytes: zeroes are looked for in this unit.</param>
/// <param name="ShownBefore">What it reads as while nothing is written to it; null if that is zeroes everywhere.</param>
/// <param name="FlushedLater">The file that will be flushed after the copy, so that the host may begin early; null if none will be.</param>
internal readonly record struct CopyTarget(IDisk Disk, int Granule, IDisk? ShownBefore, IStorage? FlushedLater)
{
    /// <summary>Whether the disk may hold anything, so that zeroes are written too.</summary>
    public bool HoldsOtherData { get; init; }

    /// <summary>Shares the source's data instead of copying it where that is possible; null if everything is copied.</summary>
    public ExtentSharing? Sharing { get; init; }

    /// <summary>Whether what is shared is read before, so that zeroes in it are not stored.</summary>
    public bool ScanZeroes { get; init; }

    /// <summary>What is shared without being read; null if nothing is.</summary>
    public ExtentSharing? SharedUnread => ScanZeroes ? null : Sharing;

    /// <summary>Packs the data, a granule at a time; null if it is stored as it is.</summary>
    public IDiskCompression? Compression { get; init; }
}

/// <summary>Copies a disk's contents to another disk, without storing zeroes.</summary>
internal static class DiskCopy
{
    /// <summary>How much is read and written at once, in bytes: half of the private cache of a typical processor core.</summary>
    public const int PieceBytes = 512 << 10;

    // A range of zeroes is written in parts, so that the copy can be stopped.
    private const long MaxZeroes = 256L << 20;

    private enum RunKind
    {
        Same,
        Zeroes,
        Data,
        Packed,
    }

    /// <summary>Makes the target read as <paramref name="source"/> does, and as zeroes beyond the end of the source.</summary>
    /// <param name="source">The source; not changed by what is written to the target.</param>
    /// <param name="target">The target; at least as long.</param>
    /// <param name="progress">Receives the bytes of the disk processed; may be null.</param>
    /// <param name="cancellation">Stops the copy.</param>
    /// <exception cref="OperationCanceledException">It was stopped; part of the contents is copied.</exception>
    /// <exception cref="QedException">A disk could not be read or written.</exception>
    public static void Run(IDisk source, in CopyTarget target, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        // A packed unit is written once, with what lies behind the source's end.
        long length = target.Compression is null ? source.Length : target.Disk.Length;
        Run(PiecesOf(source, target, length, cancellation), source, target, length, progress, cancellation);
        if (target.ShownBefore is not null && target.Disk.Length > length)
        {
            target.Disk.Zero(length, target.Disk.Length - length);
        }
    }

    /// <summary>Makes some extents of the target read as <paramref name="source"/> does, and as zeroes beyond the end of the source.</summary>
    /// <param name="extents">Where, in order; enumerated while earlier ones are already being written.</param>
    /// <param name="source">The source; not changed by what is written to the target.</param>
    /// <param name="target">The target.</param>
    /// <param name="progress">Receives the progress over the target; may be null.</param>
    /// <param name="cancellation">Stops the copy.</param>
    /// <exception cref="OperationCanceledException">It was stopped; part of the contents is copied.</exception>
    /// <exception cref="QedException">A disk could not be read or written.</exception>
    public static void RunOver(
        IEnumerable<DiskExtent> extents,
        IDisk source,
        CopyTarget target,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation) => Run(
            // The rest of a partly written cluster must read as the target will, not as the image does until the change is done.
            extents.SelectMany(extent => DiskPieces.Of(
                source, target.ShownBefore, extent.Start, extent.Length, PieceBytesOf(target), cancellation, target.Granule, target.SharedUnread)),
            source,
            target,
            target.Disk.Length,
            progress,
            cancellation);

    // Over a backing file, and if it is compressed, a cluster is stored whole or not at all, so it must be examined as a whole.
    private static IEnumerable<DiskPiece> PiecesOf(IDisk source, CopyTarget target, long length, CancellationToken cancellation) =>
        target.ShownBefore is null && target.Compression is null
            ? DiskPieces.Of(source, other: null, 0, length, PieceBytes, cancellation, sharing: target.SharedUnread).SelectMany(piece => target.HoldsOtherData ? Split(piece) : [piece])
            : DiskPieces.Of(source, target.ShownBefore, 0, length, PieceBytesOf(target), cancellation, target.Granule, target.SharedUnread);

    private static IEnumerable<DiskPiece> Split(DiskPiece piece)
    {
        for (long done = 0; done < piece.Length; done += MaxZeroes)
        {
            yield return piece with { Offset = piece.Offset + done, Length = Math.Min(MaxZeroes, piece.Length - done) };
        }
    }

    private static int PieceBytesOf(in CopyTarget target) => Math.Max(PieceBytes, target.Granule);

    private static void Run(
        IEnumerable<DiskPiece> pieces,
        IDisk source,
        CopyTarget target,
        long length,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        Writeback writeback = new(target.FlushedLater);
        OrderedWork.Run(
            pieces,
            () => new Worker(source, target, writeback, cancellation),
            piece => progress?.Report(new OperationProgress(piece.End, length)),
            cancellation,
            isProcessorBound: target.Compression is not null);
    }

    // What to do with a range of a piece; for a packed unit also where the worker keeps it.
    private readonly record struct CopyRun(int Start, int End, RunKind Kind)
    {
        public int PackedAt { get; init; }

        public int PackedLength { get; init; }
    }

    private sealed class Worker(IDisk source, CopyTarget target, Writeback writeback, CancellationToken cancellation) : IPieceWorker<DiskPiece>
    {
        private readonly WorkBuffer<byte> _data = new(PieceBytesOf(target));
        private readonly WorkBuffer<byte> _shown = new(target.ShownBefore is null ? 0 : PieceBytesOf(target));
        private readonly WorkBuffer<byte> _packed =
            new(target.Compression is { } compression ? PieceBytesOf(target) / target.Granule * compression.MaxPackedBytes : 0);

        private readonly List<CopyRun> _runs = [];
        private int _packedBytes;

        public void Prepare(DiskPiece piece)
        {
            _runs.Clear();
            _packedBytes = 0;
            if (piece.IsShared)
            {
                return;
            }

            if (!piece.HasData && !piece.OtherHasData)
            {
                if (target.HoldsOtherData)
                {
                    _runs.Add(new CopyRun(0, (int)piece.Length, RunKind.Zeroes));
                }

                return;
            }

            Span<byte> data = _data.AsSpan(0, (int)piece.Length);
            if (piece.HasData)
            {
                Read(source, piece.Offset, data);
            }
            else
            {
                data.Clear();
            }

            Span<byte> shown = default;
            if (piece.OtherHasData)
            {
                shown = _shown.AsSpan(0, data.Length);
                Read(target.ShownBefore!, piece.Offset, shown);
            }

            FindRuns(piece.Offset, data, shown);
        }

        // A piece of whole clusters can extend beyond the end of a disk.
        private static void Read(IDisk disk, long offset, Span<byte> buffer)
        {
            int there = (int)Math.Max(0, Math.Min(buffer.Length, disk.Length - offset));
            if (there > 0)
            {
                disk.Read(offset, buffer.Slice(0, there));
            }

            buffer.Slice(there).Clear();
        }

        public void Finish(DiskPiece piece)
        {
            if (piece.IsShared)
            {
                Share(piece);
                return;
            }

            foreach (CopyRun run in _runs)
            {
                switch (run.Kind)
                {
                    case RunKind.Data:
                        Write(piece.Offset + run.Start, _data.AsSpan(run.Start, run.End - run.Start));
                        break;
                    case RunKind.Packed:
                        target.Compression!.WritePacked(piece.Offset + run.Start, _packed.AsSpan(run.PackedAt, run.PackedLength));
                        writeback.Note(run.PackedLength);
                        break;
                    default:
                        target.Disk.Zero(piece.Offset + run.Start, run.End - run.Start);
                        break;
                }
            }
        }

        public void Dispose()
        {
            _data.Dispose();
            _shown.Dispose();
            _packed.Dispose();
        }

        private void Share(in DiskPiece piece)
        {
            foreach (DiskExtent extent in target.Sharing!.Write(piece, cancellation))
            {
                if (extent.State != QedExtentState.Data && target.HoldsOtherData)
                {
                    target.Disk.Zero(extent.Start, extent.Length);
                }
            }
        }

        // What had to be read, to compare it, can still be shared, in whole granules: over a backing file one that was written in part would
        // read wrong until the rest is written.
        private void Write(long offset, ReadOnlySpan<byte> data)
        {
            long end = offset + data.Length;
            long written = offset;
            for (long at = offset; target.Sharing is { IsHopeless: false } sharing && at < Math.Min(end, source.Length);)
            {
                DiskExtent extent = source.ExtentAt(at, Math.Min(end, source.Length) - at);
                long start = at + ((target.Granule - (at % target.Granule)) % target.Granule);
                long length = extent.End - start - (extent.End == end ? 0 : extent.End % target.Granule);
                if (length > 0 && sharing.CanShare(extent))
                {
                    WriteCopy(written, data.Slice((int)(written - offset), (int)(start - written)));
                    sharing.Write(extent.Part(start, length));
                    written = start + length;
                }

                at = extent.End;
            }

            WriteCopy(written, data.Slice((int)(written - offset)));
        }

        private void WriteCopy(long offset, ReadOnlySpan<byte> data)
        {
            if (data.Length > 0)
            {
                target.Disk.Write(offset, data);
                writeback.Note(data.Length);
            }
        }

        // Where the target already reads as zeroes, zeroes need not be written.
        private void FindRuns(long offset, ReadOnlySpan<byte> data, ReadOnlySpan<byte> shown)
        {
            int start = 0;
            RunKind kind = RunKind.Same;
            for (int at = 0; at < data.Length;)
            {
                int end = (int)Math.Min(data.Length, at + target.Granule - ((offset + at) % target.Granule));
                ReadOnlySpan<byte> part = data.Slice(at, end - at);
                RunKind here = shown.IsEmpty
                    ? !ZeroScan.IsZero(part) ? RunKind.Data : target.HoldsOtherData ? RunKind.Zeroes : RunKind.Same
                    : part.SequenceEqual(shown.Slice(at, end - at)) ? RunKind.Same : ZeroScan.IsZero(part) ? RunKind.Zeroes : RunKind.Data;
                if (here != kind)
                {
                    AddRun(start, at, kind);
                    start = at;
                    kind = here;
                }

                at = end;
            }

            AddRun(start, data.Length, kind);
        }

        private void AddRun(int start, int end, RunKind kind)
        {
            if (kind == RunKind.Same || start == end)
            {
                return;
            }

            if (kind == RunKind.Data && target.Compression is { } compression)
            {
                PackRun(start, end, compression);
            }
            else
            {
                _runs.Add(new CopyRun(start, end, kind));
            }
        }

        // The run begins with a unit, and ends with one or with the disk.
        private void PackRun(int start, int end, IDiskCompression compression)
        {
            for (int at = start; at < end; at += target.Granule)
            {
                int endOfUnit = Math.Min(end, at + target.Granule);
                _data.AsSpan(endOfUnit, at + target.Granule - endOfUnit).Clear();
                Span<byte> packed = _packed.AsSpan(_packedBytes, compression.MaxPackedBytes);
                if (compression.TryPack(_data.AsSpan(at, target.Granule), packed, out int length))
                {
                    _runs.Add(new CopyRun(at, endOfUnit, RunKind.Packed) { PackedAt = _packedBytes, PackedLength = length });
                    _packedBytes += length;
                }
                else
                {
                    _runs.Add(new CopyRun(at, endOfUnit, RunKind.Data));
                }
            }
        }
    }
}
