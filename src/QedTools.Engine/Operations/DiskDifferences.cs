using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using QedTools.Disks;
using QedTools.Operations;

namespace QedTools;

/// <summary>Finds the ranges in which two disks differ. Never changes a byte.</summary>
public static class DiskDifferences
{
    // As in DiskComparison.
    private const int PieceBytes = 256 << 10;

    // How many pieces are compared between two results: 32 MiB of data, in which there are at most 65,536 ranges.
    private const int PiecesAtOnce = 128;

    /// <summary>The differing ranges of two disks in order, one at a time; memory use does not depend on their number.</summary>
    /// <param name="path">One disk's file.</param>
    /// <param name="referencePath">The other disk's file.</param>
    /// <param name="options">How to compare, and in which blocks. If strict, what only the longer disk has differs, whatever it is; otherwise
    /// beyond its end the shorter disk counts as zeroes.</param>
    /// <param name="progress">Receives the bytes of the disks processed; may be null.</param>
    /// <param name="cancellation">Stops the comparison.</param>
    /// <returns>The ranges, in order; the disks are compared while they are requested.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedLimitException">The block size is not possible.</exception>
    /// <exception cref="QedException">A layer of a disk cannot be opened or read.</exception>
    public static IEnumerable<QedDifference> Run(
        string path,
        string referencePath,
        DiskComparisonOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (options.BlockSize is < DiskComparisonOptions.MinBlockSize or > DiskComparisonOptions.MaxBlockSize || !PowerOfTwo.Is((int)options.BlockSize))
        {
            throw new QedLimitException(
                path,
                nameof(options.BlockSize),
                options.BlockSize,
                $"a power of two from {DiskComparisonOptions.MinBlockSize} to {DiskComparisonOptions.MaxBlockSize} bytes");
        }

        using ComparedDisks disks = ComparedDisks.Open(path, referencePath, options);
        string fullPath = Path.GetFullPath(path);
        string fullReferencePath = Path.GetFullPath(referencePath);
        foreach (Range found in Find(disks.Disk, disks.Reference, (int)options.BlockSize, options.Strict, progress, cancellation))
        {
            yield return new QedDifference(found.Start, found.Length, found.Content.State, found.Content.OtherState, fullPath, fullReferencePath);
        }

        disks.RequireUnchanged();
    }

    private static IEnumerable<Range> Find(
        IDisk disk, IDisk other, int blockSize, bool strict, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        long length = Math.Max(disk.Length, other.Length);
        BlockRanges ranges = new(blockSize, length);
        using IEnumerator<DiskPiece> pieces = DiskPieces.Of(disk, other, 0, length, PieceBytes, cancellation, seeksHoles: false).GetEnumerator();
        for (bool isEnd = false; !isEnd;)
        {
            int taken = 0;
            OrderedWork.Run(
                Next(),
                () => new Worker(disk, other, blockSize, strict, ranges),
                piece => progress?.Report(new OperationProgress(piece.End, length)),
                cancellation);
            foreach (Range range in ranges.TakeComplete())
            {
                yield return range;
            }

            IEnumerable<DiskPiece> Next()
            {
                while (taken++ < PiecesAtOnce)
                {
                    if (!pieces.MoveNext())
                    {
                        isEnd = true;
                        yield break;
                    }

                    yield return pieces.Current;
                }
            }
        }
    }

    // What the two disks hold in a block; a state is null where a disk has ended.
    private readonly record struct Content(QedExtentState? State, QedExtentState? OtherState, bool Differs)
    {
        // The states are in the order in which they prevail.
        public Content Join(in Content next) =>
            new(Max(State, next.State), Max(OtherState, next.OtherState), Differs || next.Differs);

        private static QedExtentState? Max(QedExtentState? a, QedExtentState? b) => a is null || b > a ? b : a;
    }

    private readonly record struct Range(long Start, long Length, Content Content)
    {
        public long End => Start + Length;
    }

    // Joins parts of the disks, which arrive in order and without gaps, into blocks, and blocks that differ into the longest ranges.
    private sealed class BlockRanges(int blockSize, long end)
    {
        private readonly List<Range> _complete = [];
        private Range _block;
        private Range _range;

        public void Add(long start, long length, in Content content)
        {
            while (length > 0)
            {
                long within = start % blockSize;
                long count = length - (length % blockSize);
                if (within == 0 && count > 0)
                {
                    AddBlocks(new Range(start, count, content));
                }
                else
                {
                    count = Math.Min(length, blockSize - within);
                    _block = within == 0
                        ? new Range(start, count, content)
                        : new Range(_block.Start, _block.Length + count, _block.Content.Join(content));
                    if (_block.Length == blockSize || _block.End == end)
                    {
                        AddBlocks(_block);
                    }
                }

                start += count;
                length -= count;
            }
        }

        // The range that is still growing is returned when it has ended.
        public Range[] TakeComplete()
        {
            if (_range.Length > 0 && _range.End == end)
            {
                EndRange();
            }

            Range[] taken = [.. _complete];
            _complete.Clear();
            return taken;
        }

        private void AddBlocks(in Range blocks)
        {
            if (_range.Length > 0 && blocks.Content == _range.Content)
            {
                _range = _range with { Length = _range.Length + blocks.Length };
                return;
            }

            EndRange();
            _range = blocks.Content.Differs ? blocks : default;
        }

        private void EndRange()
        {
            if (_range.Length > 0)
            {
                _complete.Add(_range);
                _range = default;
            }
        }
    }

    private sealed class Worker(IDisk disk, IDisk other, int blockSize, bool strict, BlockRanges ranges) : IPieceWorker<DiskPiece>
    {
        private readonly WorkBuffer<byte> _data = new(PieceBytes);
        private readonly WorkBuffer<byte> _otherData = new(PieceBytes);
        private readonly List<(int End, bool Differs)> _parts = [];

        public void Prepare(DiskPiece piece)
        {
            _parts.Clear();
            if (!piece.HasData && !piece.OtherHasData)
            {
                return;
            }

            ReadOnlySpan<byte> data = ComparedDisks.Load(disk, piece, piece.HasData, _data);
            ReadOnlySpan<byte> otherData = ComparedDisks.Load(other, piece, piece.OtherHasData, _otherData);
            if (data.SequenceEqual(otherData))
            {
                return;
            }

            for (int at = 0; at < data.Length;)
            {
                int count = (int)Math.Min(data.Length - at, blockSize - ((piece.Offset + at) % blockSize));
                bool differs = !data.Slice(at, count).SequenceEqual(otherData.Slice(at, count));
                at += count;
                if (_parts.Count > 0 && _parts[_parts.Count - 1].Differs == differs)
                {
                    _parts[_parts.Count - 1] = (at, differs);
                }
                else
                {
                    _parts.Add((at, differs));
                }
            }
        }

        public void Finish(DiskPiece piece)
        {
            // A piece ends where a disk does.
            bool isThere = piece.Offset < disk.Length;
            bool otherIsThere = piece.Offset < other.Length;
            Content content = new(
                isThere ? piece.State : null,
                otherIsThere ? piece.OtherState : null,
                Differs: strict && isThere != otherIsThere);
            if (_parts.Count == 0)
            {
                ranges.Add(piece.Offset, piece.Length, content);
                return;
            }

            int start = 0;
            foreach ((int end, bool differs) in _parts)
            {
                ranges.Add(piece.Offset + start, end - start, content with { Differs = content.Differs || differs });
                start = end;
            }
        }

        public void Dispose()
        {
            _data.Dispose();
            _otherData.Dispose();
        }
    }
}
