using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using QedTools.Disks;
using QedTools.Operations;

namespace QedTools;

/// <summary>Determines whether two disks read the same. Never changes a byte.</summary>
public static class DiskComparison
{
    // Two of them fit into the private cache of a typical processor core.
    private const int PieceBytes = 256 << 10;

    /// <summary>Compares two disks of any formats.</summary>
    /// <param name="path">One disk's file.</param>
    /// <param name="referencePath">The other disk's file.</param>
    /// <param name="options">How to compare.</param>
    /// <param name="progress">Receives the bytes of the disks processed; may be null.</param>
    /// <param name="cancellation">Stops the comparison.</param>
    /// <returns>Whether they read the same, and where they differ.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A layer of a disk cannot be opened or read.</exception>
    public static QedComparison Run(
        string path,
        string referencePath,
        DiskComparisonOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using ComparedDisks disks = ComparedDisks.Open(path, referencePath, options);
        IDisk disk = disks.Disk;
        IDisk other = disks.Reference;
        (long? first, long differing) = Compare(disk, other, progress, cancellation);
        disks.RequireUnchanged();
        return new QedComparison
        {
            Path = Path.GetFullPath(path),
            ReferencePath = Path.GetFullPath(referencePath),
            Partition = DiskContentsOptions.Chosen(options.Partition),
            ReferencePartition = DiskContentsOptions.Chosen(options.ReferencePartition),
            AreEqual = differing == 0 && (!options.Strict || disk.Length == other.Length),
            FirstDifference = first,
            DifferingBytes = differing,
            VirtualSize = disk.Length,
            ReferenceVirtualSize = other.Length,
        };
    }

    /// <inheritdoc cref="Compare(IDisk, IDisk, BlockHash, IProgress{OperationProgress}, CancellationToken)"/>
    internal static (long? First, long Differing) Compare(
        IDisk disk, IDisk other, IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        Compare(disk, other, hash: null, progress, cancellation);

    /// <summary>Counts the bytes that differ; beyond its end the shorter disk counts as zeroes.</summary>
    /// <param name="disk">One disk.</param>
    /// <param name="other">The other one; with a hash, not the shorter one.</param>
    /// <param name="hash">Receives the blocks of the other disk; null if no hash is wanted.</param>
    /// <param name="progress">Receives the bytes compared; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    internal static (long? First, long Differing) Compare(
        IDisk disk, IDisk other, BlockHash? hash, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        long length = Math.Max(disk.Length, other.Length);
        Differences found = new();
        IEnumerable<DiskPiece> pieces = DiskPieces.Of(disk, other, 0, length, PieceBytes, cancellation, hash?.BlockSize ?? 1);
        OrderedWork.Run(
            hash is null ? pieces : DiskPieces.Split(pieces, BlockHash.MaxZeroBytes, cancellation),
            () => new Worker(disk, other, found, hash),
            piece => progress?.Report(new OperationProgress(piece.End, length)),
            cancellation,
            isProcessorBound: hash is not null);
        return (found.First, found.Count);
    }

    private sealed class Differences
    {
        public long? First { get; set; }

        public long Count { get; set; }
    }

    private sealed class Worker(IDisk disk, IDisk other, Differences found, BlockHash? hash) : IPieceWorker<DiskPiece>
    {
        private readonly WorkBuffer<byte> _data = new(PieceBytes);
        private readonly WorkBuffer<byte> _otherData = new(PieceBytes);
        private readonly WorkBuffer<byte> _hashes = new(hash is null ? 0 : PieceBytes / hash.BlockSize * hash.HashSize);
        private int _hashed;
        private int _first;
        private long _count;

        public void Prepare(DiskPiece piece)
        {
            _count = 0;
            if (!piece.HasData && !piece.OtherHasData)
            {
                return;
            }

            Span<byte> data = ComparedDisks.Load(disk, piece, piece.HasData, _data);
            Span<byte> otherData = ComparedDisks.Load(other, piece, piece.OtherHasData, _otherData);
            if (!data.SequenceEqual(otherData))
            {
                _count = CountDifferences(data, otherData, out _first);
            }

            _hashed = hash?.HashBlocks(otherData, _hashes.Span) ?? 0;
        }

        public void Finish(DiskPiece piece)
        {
            if (_count > 0)
            {
                found.First ??= piece.Offset + _first;
                found.Count += _count;
            }

            if (piece.HasData || piece.OtherHasData)
            {
                hash?.Add(_hashes.Array, _hashed);
            }
            else
            {
                hash?.AddZeroes(piece.Length);
            }
        }

        public void Dispose()
        {
            _data.Dispose();
            _otherData.Dispose();
            _hashes.Dispose();
        }

        private static long CountDifferences(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, out int first)
        {
            long count = 0;
            first = -1;
            for (int i = 0; i < a.Length; i++)
            {
                if (a[i] != b[i])
                {
                    first = first < 0 ? i : first;
                    count++;
                }
            }

            return count;
        }
    }
}
