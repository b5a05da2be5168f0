using System;
using QedTools.Storage;

namespace QedTools.Interchange.Foreign;

/// <summary>Bytes that identify a format by their place in a file.</summary>
/// <param name="Offset">Where they are, in bytes; negative from the end of the file.</param>
/// <param name="Bytes">The bytes.</param>
internal readonly record struct ForeignSignature(long Offset, byte[] Bytes)
{
    /// <summary>The longest signature, in bytes.</summary>
    public const int MaxBytes = 32;

    /// <summary>Whether a file has them there.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public bool IsIn(IStorage storage)
    {
        long offset = Offset < 0 ? storage.Length + Offset : Offset;
        if (offset < 0)
        {
            return false;
        }

        Span<byte> found = stackalloc byte[MaxBytes];
        found = found.Slice(0, Bytes.Length);
        return storage.Read(offset, found) == found.Length && found.SequenceEqual(Bytes);
    }
}
