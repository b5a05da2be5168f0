using System;
using System.Security.Cryptography;

namespace QedTools.Storage;

/// <summary>An incremental SHA-256; can be reused after each digest.</summary>
internal sealed class Sha256Sum : IDisposable
{
    /// <summary>The size of a digest, in bytes.</summary>
    public const int Size = 32;

    private readonly SHA256 _algorithm = SHA256.Create();

    /// <summary>The digest of the first bytes of an array.</summary>
    public static byte[] Of(byte[] bytes, int count)
    {
        using Sha256Sum sum = new();
        sum.Add(bytes, count);
        return sum.Finish();
    }

    /// <summary>Adds the first bytes of an array.</summary>
    public void Add(byte[] bytes, int count) => _algorithm.TransformBlock(bytes, 0, count, null, 0);

    /// <summary>The digest of everything added since the last one.</summary>
    public byte[] Finish()
    {
        _algorithm.TransformFinalBlock([], 0, 0);
        byte[] digest = _algorithm.Hash!;
        _algorithm.Initialize();
        return digest;
    }

    /// <inheritdoc/>
    public void Dispose() => _algorithm.Dispose();
}
