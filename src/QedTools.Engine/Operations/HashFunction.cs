using System;
using System.Security.Cryptography;

namespace QedTools.Operations;

/// <summary>The hash functions by name.</summary>
internal static partial class HashFunction
{
    /// <summary>The length of a function's hash, in bytes.</summary>
    public static int SizeOf(QedHashAlgorithm algorithm) => algorithm switch
    {
        QedHashAlgorithm.SHA256 => 32,
        QedHashAlgorithm.SHA512 => 64,
        QedHashAlgorithm.SHA1 => 20,
        QedHashAlgorithm.MD5 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>A hash of data that comes in pieces.</summary>
    public static IncrementalHash Begin(QedHashAlgorithm algorithm) => IncrementalHash.CreateHash(algorithm switch
    {
        QedHashAlgorithm.SHA256 => HashAlgorithmName.SHA256,
        QedHashAlgorithm.SHA512 => HashAlgorithmName.SHA512,
        QedHashAlgorithm.SHA1 => HashAlgorithmName.SHA1,
        QedHashAlgorithm.MD5 => HashAlgorithmName.MD5,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    });
}
