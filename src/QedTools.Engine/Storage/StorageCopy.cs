using System;

namespace QedTools.Storage;

/// <summary>Copies bytes between files, or within one. Blocks that the host can share are not copied.</summary>
internal static class StorageCopy
{
    /// <summary>How much is copied at once, in bytes.</summary>
    public const int BufferBytes = 1 << 20;

    /// <summary>Copies a range. Within one file the two ranges must not overlap.</summary>
    /// <param name="source">The file to copy from.</param>
    /// <param name="offset">Where the range is there, in bytes; it must end within the file.</param>
    /// <param name="target">The file to copy to.</param>
    /// <param name="targetOffset">Where it goes, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <returns>How much of it shares its blocks with the source, in bytes.</returns>
    /// <exception cref="QedFileChangedException">The source ends too early.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public static long Run(IStorage source, long offset, IStorage target, long targetOffset, long length)
    {
        if (target is not ISharingStorage sharing
            || sharing.SharingUnitWith(source) is not { } unit
            || !SharedPart.TryFind(offset, targetOffset, length, unit, out SharedPart part)
            || !sharing.TryShare(source, offset + part.Head, targetOffset + part.Head, part.Length))
        {
            CopyBytes(source, offset, target, targetOffset, length);
            return 0;
        }

        long end = part.Head + part.Length;
        CopyBytes(source, offset, target, targetOffset, part.Head);
        CopyBytes(source, offset + end, target, targetOffset + end, length - end);
        return part.Length;
    }

    private static void CopyBytes(IStorage source, long offset, IStorage target, long targetOffset, long length)
    {
        if (length == 0)
        {
            return;
        }

        using WorkBuffer<byte> buffer = new((int)Math.Min(length, BufferBytes));
        while (length > 0)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length, buffer.Span.Length));
            source.ReadExactly(offset, piece);
            target.Write(targetOffset, piece);
            offset += piece.Length;
            targetOffset += piece.Length;
            length -= piece.Length;
        }
    }
}
