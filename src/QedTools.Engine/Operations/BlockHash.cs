using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>
/// The hash of a disk in blocks: the hash of the blocks' hashes and of the length, H(H(block 1) || ... || H(block n) || length), with the length in
/// bytes as 64 bits, little-endian. So the blocks can be hashed in parallel, and all zero blocks have one hash. blksum computes the same.
/// </summary>
internal sealed class BlockHash : IDisposable
{
    /// <summary>More zeroes than this should not be added at once, because it takes long, in bytes.</summary>
    public const long MaxZeroBytes = 1 << 30;

    // Zeroes took half a second for each TiB when measured.
    private const long MaxVerifiedBytes = 16L << 40;

    // So many hashes of zero blocks are added at once.
    private const int ZeroBlocksAtOnce = 1024;

    private readonly QedHashAlgorithm _algorithm;
    private readonly long _length;
    private readonly IncrementalHash _outer;
    private readonly byte[] _zeroes;
    private readonly byte[] _hashesOfZeroes;

    /// <param name="algorithm">The hash function.</param>
    /// <param name="blockSize">The size of the blocks, in bytes; a power of two.</param>
    /// <param name="length">The disk's size, in bytes.</param>
    public BlockHash(QedHashAlgorithm algorithm, int blockSize, long length)
    {
        _algorithm = algorithm;
        BlockSize = blockSize;
        _length = length;
        _outer = HashFunction.Begin(algorithm);
        HashSize = HashFunction.SizeOf(algorithm);
        _zeroes = new byte[blockSize];
        _hashesOfZeroes = new byte[ZeroBlocksAtOnce * HashSize];
        HashFunction.Compute(algorithm, _zeroes, _hashesOfZeroes.AsSpan(0, HashSize));
        for (int at = HashSize; at < _hashesOfZeroes.Length; at++)
        {
            _hashesOfZeroes[at] = _hashesOfZeroes[at - HashSize];
        }
    }

    /// <summary>The hash that the result of a conversion gets when it is verified; null for a disk so large that its zeroes would take too long.</summary>
    /// <param name="length">The disk's size, in bytes.</param>
    public static BlockHash? ForVerification(long length) =>
        length > MaxVerifiedBytes ? null : new(QedHashAlgorithm.SHA256, DiskHashingOptions.DefaultBlockSize, length);

    /// <summary>The size of the blocks, in bytes.</summary>
    public int BlockSize { get; }

    /// <summary>The length of a block's hash, in bytes.</summary>
    public int HashSize { get; }

    /// <summary>Hashes blocks, from any thread.</summary>
    /// <param name="data">The blocks; only the disk's last one may be short.</param>
    /// <param name="hashes">Receives the hashes, one after another.</param>
    /// <returns>How many bytes of <paramref name="hashes"/> were filled.</returns>
    public int HashBlocks(ReadOnlySpan<byte> data, Span<byte> hashes)
    {
        int filled = 0;
        for (; data.Length > 0; filled += HashSize)
        {
            ReadOnlySpan<byte> block = data.Slice(0, Math.Min(BlockSize, data.Length));
            Span<byte> hash = hashes.Slice(filled, HashSize);
            if (block.Length == BlockSize && ZeroScan.IsZero(block))
            {
                _hashesOfZeroes.AsSpan(0, HashSize).CopyTo(hash);
            }
            else
            {
                HashFunction.Compute(_algorithm, block, hash);
            }

            data = data.Slice(block.Length);
        }

        return filled;
    }

    /// <summary>Adds the hashes of the blocks that follow.</summary>
    /// <param name="hashes">The hashes.</param>
    /// <param name="count">How many bytes of it.</param>
    public void Add(byte[] hashes, int count) => _outer.AppendData(hashes, 0, count);

    /// <summary>Adds blocks of zeroes.</summary>
    /// <param name="length">Their length, in bytes; only at the end of the disk not a multiple of the block size.</param>
    public void AddZeroes(long length)
    {
        for (long blocks = length / BlockSize; blocks > 0;)
        {
            int count = (int)Math.Min(blocks, ZeroBlocksAtOnce);
            _outer.AppendData(_hashesOfZeroes, 0, count * HashSize);
            blocks -= count;
        }

        if (length % BlockSize is not 0 and long rest)
        {
            byte[] last = new byte[HashSize];
            HashFunction.Compute(_algorithm, _zeroes.AsSpan(0, (int)rest), last);
            _outer.AppendData(last, 0, last.Length);
        }
    }

    /// <summary>The hash of the disk, when all its blocks have been added.</summary>
    /// <returns>It in hexadecimal digits, with capital letters.</returns>
    public string End()
    {
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, _length);
        _outer.AppendData(length, 0, length.Length);
        return HashFunction.ToText(_outer.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _outer.Dispose();
}
