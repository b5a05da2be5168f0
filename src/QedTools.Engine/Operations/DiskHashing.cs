using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;

namespace QedTools;

/// <summary>Computes the hash of a disk's contents. Never changes a byte.</summary>
public static class DiskHashing
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Computes the hash of a disk in any format.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">Which hash.</param>
    /// <param name="progress">Receives the bytes of the disk processed; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The hash.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedLimitException">The block size is not possible.</exception>
    /// <exception cref="QedException">A layer of the disk cannot be opened or read.</exception>
    public static QedImageHash Run(
        string path, DiskHashingOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (options.BlockSize is < DiskHashingOptions.MinBlockSize or > DiskHashingOptions.MaxBlockSize || !PowerOfTwo.Is((int)options.BlockSize))
        {
            throw new QedLimitException(
                path,
                nameof(options.BlockSize),
                options.BlockSize,
                $"a power of two from {DiskHashingOptions.MinBlockSize} to {DiskHashingOptions.MaxBlockSize} bytes");
        }

        using BackingChain chain = BackingChain.OpenAll(path, DiskFormats.ForReading, options.ToPolicy());
        IDisk disk = chain.ToDisk();
        string hash = options.Plain
            ? HashPlain(disk, options.Algorithm, progress, cancellation)
            : HashInBlocks(disk, options.Algorithm, (int)options.BlockSize, progress, cancellation);
        chain.RequireUnchanged();
        return new QedImageHash
        {
            Path = Path.GetFullPath(path),
            Partition = DiskContentsOptions.Chosen(options.Partition),
            Algorithm = options.Algorithm,
            BlockSizeBytes = options.Plain ? null : (int)options.BlockSize,
            Hash = hash,
            VirtualSize = disk.Length,
        };
    }

    private static string HashInBlocks(
        IDisk disk, QedHashAlgorithm algorithm, int blockSize, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        using BlockHash hash = new(algorithm, blockSize, disk.Length);
        int pieceBytes = Math.Max(PieceBytes, blockSize);
        OrderedWork.Run(
            PiecesOf(disk, pieceBytes, blockSize, cancellation),
            () => new BlockWorker(disk, hash, pieceBytes),
            piece => progress?.Report(new OperationProgress(piece.End, disk.Length)),
            cancellation,
            isProcessorBound: true);
        return hash.End();
    }

    private static string HashPlain(
        IDisk disk, QedHashAlgorithm algorithm, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        using IncrementalHash hash = HashFunction.Begin(algorithm);
        using WorkBuffer<byte> zeroes = new(PieceBytes);
        zeroes.Span.Clear();
        OrderedWork.Run(
            PiecesOf(disk, PieceBytes, unit: 1, cancellation),
            () => new PlainWorker(disk, hash, zeroes),
            piece => progress?.Report(new OperationProgress(piece.End, disk.Length)),
            cancellation);
        return HashFunction.ToText(hash.GetHashAndReset());
    }

    private static IEnumerable<DiskPiece> PiecesOf(IDisk disk, int pieceBytes, int unit, CancellationToken cancellation) =>
        DiskPieces.Split(DiskPieces.Of(disk, other: null, 0, disk.Length, pieceBytes, cancellation, unit), BlockHash.MaxZeroBytes, cancellation);

    private sealed class BlockWorker(IDisk disk, BlockHash hash, int pieceBytes) : IPieceWorker<DiskPiece>
    {
        private readonly WorkBuffer<byte> _data = new(pieceBytes);
        private readonly WorkBuffer<byte> _hashes = new(pieceBytes / hash.BlockSize * hash.HashSize);
        private int _filled;

        public void Prepare(DiskPiece piece)
        {
            if (piece.HasData)
            {
                Span<byte> part = _data.AsSpan(0, (int)piece.Length);
                disk.Read(piece.Offset, part);
                _filled = hash.HashBlocks(part, _hashes.Span);
            }
        }

        public void Finish(DiskPiece piece)
        {
            if (piece.HasData)
            {
                hash.Add(_hashes.Array, _filled);
            }
            else
            {
                hash.AddZeroes(piece.Length);
            }
        }

        public void Dispose()
        {
            _data.Dispose();
            _hashes.Dispose();
        }
    }

    private sealed class PlainWorker(IDisk disk, IncrementalHash hash, WorkBuffer<byte> zeroes) : IPieceWorker<DiskPiece>
    {
        private readonly WorkBuffer<byte> _data = new(PieceBytes);

        public void Prepare(DiskPiece piece)
        {
            if (piece.HasData)
            {
                disk.Read(piece.Offset, _data.AsSpan(0, (int)piece.Length));
            }
        }

        public void Finish(DiskPiece piece)
        {
            for (long left = piece.Length; left > 0;)
            {
                int count = (int)Math.Min(left, PieceBytes);
                hash.AppendData(piece.HasData ? _data.Array : zeroes.Array, 0, count);
                left -= count;
            }
        }

        public void Dispose() => _data.Dispose();
    }
}
