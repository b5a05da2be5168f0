using System;
using System.Text;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>The identifier at the start of a VHDX file ([MS-VHDX], 2.2.1).</summary>
internal static class FileTypeIdentifier
{
    /// <summary>The size of the part that is written, in bytes: the signature and the creator.</summary>
    public const int Size = 8 + CreatorSize;

    private const int CreatorSize = 512;

    /// <summary>The signature.</summary>
    public static ReadOnlySpan<byte> Signature => "vhdxfile"u8;

    /// <summary>Writes an identifier.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes, all zero.</param>
    /// <param name="creator">The program that creates the file; at most 256 UTF-16 units.</param>
    public static void Write(Span<byte> destination, string creator)
    {
        Signature.CopyTo(destination);
        Encoding.Unicode.GetBytes(creator).CopyTo(destination.Slice(Signature.Length, CreatorSize));
    }
}
