using System;
using System.Text;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>What a VHDX file begins with ([MS-VHDX], 2.2.1).</summary>
internal static class FileTypeIdentifier
{
    /// <summary>What is written of it, in bytes: the signature and the creator.</summary>
    public const int Size = 8 + CreatorSize;

    private const int CreatorSize = 512;

    /// <summary>The signature.</summary>
    public static ReadOnlySpan<byte> Signature => "vhdxfile"u8;

    /// <summary>Writes an identifier.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes, all zero.</param>
    /// <param name="creator">The program that makes the file; at most 256 UTF-16 units.</param>
    public static void Write(Span<byte> destination, string creator)
    {
        Signature.CopyTo(destination);
        Encoding.Unicode.GetBytes(creator).CopyTo(destination.Slice(Signature.Length, CreatorSize));
    }
}
