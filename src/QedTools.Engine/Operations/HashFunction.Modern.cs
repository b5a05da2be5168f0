using System;
using System.Security.Cryptography;

namespace QedTools.Operations;

/// <content>With the functions that hash spans.</content>
internal static partial class HashFunction
{
    /// <summary>Hashes data at once.</summary>
    /// <param name="algorithm">The function.</param>
    /// <param name="data">The data.</param>
    /// <param name="hash">Receives the hash; exactly as long as it is.</param>
    public static void Compute(QedHashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> hash) => _ = algorithm switch
    {
        QedHashAlgorithm.SHA256 => SHA256.HashData(data, hash),
        QedHashAlgorithm.SHA512 => SHA512.HashData(data, hash),
#pragma warning disable CA5350, CA5351 // Chosen by the user, to compare with hashes that exist.
        QedHashAlgorithm.SHA1 => SHA1.HashData(data, hash),
        QedHashAlgorithm.MD5 => MD5.HashData(data, hash),
#pragma warning restore CA5350, CA5351
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>A hash in hexadecimal digits, with capital letters.</summary>
    public static string ToText(byte[] hash) => Convert.ToHexString(hash);
}
