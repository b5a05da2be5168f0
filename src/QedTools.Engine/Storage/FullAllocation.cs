using System;
using System.Threading;

namespace QedTools.Storage;

/// <summary>Allocates all the space of a file, so that it has no holes.</summary>
internal static class FullAllocation
{
    /// <summary>Reserves the space before the file is written to, if the host supports that: a full disk is then noticed at once.</summary>
    /// <param name="storage">The file, which has its final length.</param>
    /// <exception cref="QedException">There is not enough space, or the host refused.</exception>
    public static void Reserve(IStorage storage)
    {
        if (storage.Length > 0)
        {
            (storage as IAllocatingStorage)?.TryAllocate(storage.Length);
        }
    }

    /// <summary>Makes sure that a finished file has no holes.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">There is not enough space, or the file could not be written.</exception>
    public static void Complete(IStorage storage, CancellationToken cancellation)
    {
        if (storage.Length == 0 || (storage as IAllocatingStorage)?.TryAllocate(storage.Length) == true)
        {
            return;
        }

        // Not every host reports where holes are; where it does not, everything is written once more.
        byte[] piece = new byte[ZeroFill.Zeroes.Length];
        for (long at = 0; at < storage.Length; at += piece.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, storage.Length - at));
            if (storage.RangeAt(at, part.Length) is { IsHole: true } range && range.Length == part.Length)
            {
                ZeroFill.Write(storage, at, part.Length);
                continue;
            }

            storage.ReadExactly(at, part);
            storage.Write(at, part);
        }
    }
}
