using System;
using System.Buffers;
using System.Security.Cryptography;

namespace QedTools.Operations;

/// <content>Where the functions only take arrays.</content>
internal static partial class HashFunction
{
    /// <summary>Hashes data at once.</summary>
    /// <param name="algorithm">The function.</param>
    /// <param name="data">The data.</param>
    /// <param name="hash">Receives the hash; exactly as long as it is.</param>
    public static void Compute(QedHashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> hash)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(data.Length);
        try
        {
            data.CopyTo(copy);
            using IncrementalHash function = Begin(algorithm);
            function.AppendData(copy, 0, data.Length);
            function.GetHashAndReset().CopyTo(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>A hash in hexadecimal digits, with capital letters.</summary>
    public static string ToText(byte[] hash) => BitConverter.ToString(hash).Replace("-", string.Empty);
}
