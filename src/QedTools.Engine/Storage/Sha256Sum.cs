using System;
using System.Security.Cryptography;

namespace QedTools.Storage;

/// <summary>A SHA-256 over bytes that come piece by piece; can be used again for the next one.</summary>
internal sealed class Sha256Sum : IDisposable
{
    /// <summary>The size of a digest, in bytes.</summary>
    public const int Size = 32;

    private readonly SHA256 _algorithm = SHA256.Create();

    /// <summary>The digest of one array.</summary>
    public static byte[] Of(byte[] bytes, int count)
    {
        using Sha256Sum sum = new();
        sum.Add(bytes, count);
        return sum.Finish();
    }

    /// <summary>Adds the first bytes of an array.</summary>
    public void Add(byte[] bytes, int count) => _algorithm.TransformBlock(bytes, 0, count, null, 0);

    /// <summary>The digest of all that was added since the last one.</summary>
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
