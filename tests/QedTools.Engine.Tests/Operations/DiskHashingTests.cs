using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>The hash of a disk is that of its definition, whatever the disk is stored in.</summary>
public sealed class DiskHashingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // By the reference program of blkhash, test/blkhash.py: the bytes 0 to 255 three hundred times, and "abc".
    [Theory]
    [InlineData(QedHashAlgorithm.SHA256, 65536, "25b367e4b6dba4d0b062e56f2085a4f601c2940f40f39208fb32f303010fe548")]
    [InlineData(QedHashAlgorithm.SHA256, 4096, "0aee54a8c8ca8ba9ee28e56ee1b7f627277adc1a6aadbfb380c1a87d1c13e2f7")]
    [InlineData(QedHashAlgorithm.SHA512, 65536, "f8891e705093824993349f01afbb8efd2f723ee002b421cdc8aefd6f26400bec70cce37438e2fd99a7c3d1d4de376d0b811684fe5148649dbafc4f5980852076")]
    [InlineData(QedHashAlgorithm.SHA1, 65536, "f8959bed04f9a6771e6db71cd3b0710297ef2849")]
    [InlineData(QedHashAlgorithm.MD5, 65536, "100caaab78233d957ab710b21630298d")]
    public void The_hash_is_that_of_the_reference_program(QedHashAlgorithm algorithm, int blockSize, string expected)
    {
        byte[] data = new byte[(256 * 300) + 3];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = (byte)i;
        }

        "abc"u8.CopyTo(data.AsSpan(256 * 300));
        string path = Write("disk.raw", data);

        Assert.Equal(expected, Hash(path, new() { Algorithm = algorithm, BlockSize = blockSize }), ignoreCase: true);
    }

    [Theory]
    [InlineData(0, "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc")]
    [InlineData(16 << 20, "699811f51ebf2f4017ae7ef6a5be2edd77b32ba247bd6b6d845cdb4b5ccc31b7")]
    [InlineData(1 << 30, "c6d6562c3074a2caa0ceea3e1f460f3af678c792ed05e64157eb51e68ae5260d")]
    public void Zeroes_have_the_hash_of_the_reference_program_whether_they_are_stored_or_not(long length, string expected)
    {
        string path = Write("disk.raw", []);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(length);
            file.Position = length / 2;
            file.Write(new byte[(int)Math.Min(200_000, length / 2)]);
        }

        Assert.Equal(expected, Hash(path, new()), ignoreCase: true);
    }

    [Fact]
    public void The_hash_is_the_same_in_every_format_and_chain_and_is_that_of_a_model() => Seeded.Run(firstSeed: 6100, rounds: 12, random =>
    {
        (byte[] disk, string path) = MakeDisk(random);
        QedHashAlgorithm algorithm = random.Pick(Enum.GetValues<QedHashAlgorithm>());
        int blockSize = 512 << random.Next(12);
        DiskHashingOptions options = new() { Algorithm = algorithm, BlockSize = blockSize };
        string expected = Model(disk, algorithm, blockSize);
        Assert.Equal(expected, Hash(path, options));
        Assert.Equal(Convert.ToHexString(Digest(algorithm, disk)), Hash(path, options with { Plain = true }));

        string other = _folder.PathOf($"{random.Next()}.{random.Pick("qed", "qcow2", "vdi", "vmdk", "vhdx")}");
        QedImageInfo verified = DiskConversion.Run(path, other, new() { Verify = true }, cancellation: _cancellation);
        Assert.Equal(expected, Hash(other, options));
        Assert.Equal(Hash(other, new()), verified.Hash);
        Assert.Equal(Model(disk, QedHashAlgorithm.SHA256, 65536), verified.Hash);
    });

    [Fact]
    public void A_conversion_that_makes_the_disk_larger_has_the_hash_of_the_larger_disk()
    {
        (_, string path) = MakeDisk(new Random(1));
        string other = _folder.PathOf("larger.qed");
        QedImageInfo info = DiskConversion.Run(path, other, new() { Verify = true, RoundUpTo = 8 << 20 }, cancellation: _cancellation);
        Assert.Equal(Hash(other, new()), info.Hash);
        Assert.Null(DiskConversion.Run(path, _folder.PathOf("unverified.qed"), new(), cancellation: _cancellation).Hash);
    }

    // Lengths that are not those of whole sectors or blocks, in files that cannot be read beyond their end.
    [Fact]
    public void A_verified_conversion_of_any_length_has_the_hash_of_its_result() => Seeded.Run(firstSeed: 6200, rounds: 40, random =>
    {
        int length = random.Pick(1, 511, 513, 65537, 66048, 1_000_000, random.Next(1, 400_000));
        string path = Write($"{random.Next()}.raw", DiskBytes.Random(length, length));
        string other = _folder.PathOf($"{random.Next()}.{random.Pick("raw", "qed", "qcow2", "vdi", "vmdk", "vhdx", "vhd")}");
        DiskConversionOptions options = new() { Verify = true };
        options = random.Next(3) switch
        {
            0 => options with { RoundUpTo = random.Pick<long>(512, 65536, 1 << 20) },
            1 => options with { SizeBytes = (length + 511 + random.Next(300_000)) / 512 * 512 },
            _ => options,
        };
        QedImageInfo info = DiskConversion.Run(path, other, options, cancellation: _cancellation);
        Assert.Equal(Hash(other, new()), info.Hash);
    });

    [Fact]
    public void A_conversion_into_an_existing_file_has_the_hash_of_the_disk_and_not_of_what_follows()
    {
        (byte[] disk, string path) = MakeDisk(new Random(2));
        string other = Write("existing.raw", new byte[16 << 20]);
        QedImageInfo info = DiskConversion.Run(path, other, new() { Verify = true, IntoExisting = true, Replace = true }, cancellation: _cancellation);
        Assert.Equal(Model(disk, QedHashAlgorithm.SHA256, 65536), info.Hash);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(65537)]
    [InlineData(96 << 10)]
    [InlineData(32 << 20)]
    [InlineData((1L << 32) + 65536)]
    public void A_block_size_that_is_not_possible_is_refused(long blockSize)
    {
        string path = Write("disk.raw", new byte[10]);
        QedLimitException error = Assert.Throws<QedLimitException>(() => Hash(path, new() { BlockSize = blockSize }));
        Assert.Equal("BlockSize", error.Parameter);
    }

    [Fact]
    public void Progress_reaches_the_end_and_the_work_can_be_stopped_in_the_middle_of_zeroes()
    {
        string path = Write("disk.raw", []);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(8L << 30);
        }

        using CancellationTokenSource stop = new();
        List<OperationProgress> seen = [];
        Assert.Throws<OperationCanceledException>(() => DiskHashing.Run(
            path,
            new(),
            new Recorder(step =>
            {
                seen.Add(step);
                stop.Cancel();
            }),
            stop.Token));
        Assert.InRange(seen[^1].BytesDone, 1, 7L << 30);

        seen.Clear();
        DiskHashing.Run(path, new(), new Recorder(seen.Add), _cancellation);
        Assert.Equal(8L << 30, seen[^1].BytesDone);
    }

    private sealed class Recorder(Action<OperationProgress> report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report(value);
    }

    // The definition: the hash of the blocks' hashes and of the length as 64 bits, little-endian.
    private static string Model(byte[] disk, QedHashAlgorithm algorithm, int blockSize)
    {
        using MemoryStream outer = new();
        for (int at = 0; at < disk.Length; at += blockSize)
        {
            outer.Write(Digest(algorithm, disk.AsSpan(at, Math.Min(blockSize, disk.Length - at)).ToArray()));
        }

        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, disk.Length);
        outer.Write(length);
        return Convert.ToHexString(Digest(algorithm, outer.ToArray()));
    }

    private static byte[] Digest(QedHashAlgorithm algorithm, byte[] data) => algorithm switch
    {
        QedHashAlgorithm.SHA256 => SHA256.HashData(data),
        QedHashAlgorithm.SHA512 => SHA512.HashData(data),
#pragma warning disable CA5350, CA5351 // Those that are tested.
        QedHashAlgorithm.SHA1 => SHA1.HashData(data),
        _ => MD5.HashData(data),
#pragma warning restore CA5350, CA5351
    };

    // A chain of up to three layers, whose last block is seldom whole; stretches of data, zeroes and holes of any length.
    private (byte[] Disk, string Path) MakeDisk(Random random)
    {
        byte[] disk = new byte[512 * random.Next(1, 12_000)];
        string? below = null;
        for (int layer = random.Next(3); layer >= 0; layer--)
        {
            string path = _folder.PathOf($"{random.Next()}.qed");
            ImageCreation.Run(path, new() { SizeBytes = disk.Length, ClusterSize = 4096 << random.Next(5), BackingFile = below });
            using (Stream stream = DiskOpening.Run(path, new() { Writable = true }))
            {
                for (int i = random.Next(30); i > 0; i--)
                {
                    int at = random.Next(disk.Length);
                    Span<byte> part = disk.AsSpan(at, Math.Min(random.Next(1, 200_000), disk.Length - at));
                    if (random.Next(3) == 0)
                    {
                        part.Clear();
                    }
                    else
                    {
                        random.NextBytes(part);
                    }

                    stream.Position = at;
                    stream.Write(part);
                }
            }

            below = path;
        }

        return (disk, below!);
    }

    private string Hash(string path, DiskHashingOptions options)
    {
        QedImageHash hash = DiskHashing.Run(path, options, cancellation: _cancellation);
        Assert.Equal(options.Algorithm, hash.Algorithm);
        Assert.Equal(options.Plain ? null : (int)options.BlockSize, hash.BlockSizeBytes);
        return hash.Hash;
    }

    private string Write(string name, byte[] data)
    {
        string path = _folder.PathOf(name);
        File.WriteAllBytes(path, data);
        return path;
    }
}
