using System;
using System.Buffers;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>Copies a disk's contents to another disk, zeroes as nothing.</summary>
internal static class DiskCopy
{
    /// <summary>Makes the target read as <paramref name="source"/> does, and as zeroes behind that one's end.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="target">Where to; at least as long.</param>
    /// <param name="shownBefore">What the target shows as long as nothing is written to it; null if that is zeroes everywhere.</param>
    /// <param name="granule">What the target stores at the least, in bytes: stretches of zeroes are looked for in this unit.</param>
    /// <param name="progress">Is told the bytes of the disk dealt with; may be null.</param>
    /// <param name="cancellation">Stops the copy.</param>
    /// <exception cref="OperationCanceledException">It was stopped; part of the contents is copied.</exception>
    /// <exception cref="QedException">A disk could not be read or written.</exception>
    public static void Run(
        IDisk source,
        IDisk target,
        IDisk? shownBefore,
        int granule,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        CopyRange(source, target, shownBefore, granule, 0, source.Length, progress, cancellation);
        if (shownBefore is not null && target.Length > source.Length)
        {
            target.Zero(source.Length, target.Length - source.Length);
        }
    }

    /// <summary>Makes a range of the target read as that of <paramref name="source"/>.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="target">Where to.</param>
    /// <param name="shownBefore">What the target shows in the range as long as nothing is written to it; null if that is zeroes.</param>
    /// <param name="granule">What the target stores at the least, in bytes.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; it lies on both disks.</param>
    /// <param name="progress">Is told how far on the disk the copy is; may be null.</param>
    /// <param name="cancellation">Stops the copy.</param>
    /// <exception cref="OperationCanceledException">It was stopped; part of the contents is copied.</exception>
    /// <exception cref="QedException">A disk could not be read or written.</exception>
    public static void CopyRange(
        IDisk source,
        IDisk target,
        IDisk? shownBefore,
        int granule,
        long offset,
        long length,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        using DiskPieces pieces = new(source, offset, length, cancellation);
        while (pieces.TryTake(out DiskPiece piece))
        {
            if (shownBefore is null)
            {
                if (piece.Data is { } data)
                {
                    CopyWhatIsNotZero(target, piece.Offset, data.AsSpan(0, (int)piece.Length), granule);
                }
            }
            else
            {
                CopyWhatDiffers(target, shownBefore, piece, granule, cancellation);
            }

            pieces.GiveBack(piece);
            progress?.Report(new OperationProgress(piece.Offset + piece.Length, source.Length));
        }
    }

    private static void CopyWhatIsNotZero(IDisk target, long offset, ReadOnlySpan<byte> data, int granule)
    {
        for (int start = 0; start < data.Length;)
        {
            int end = EndOfRun(offset, data, start, granule, static (part, _) => ZeroScan.IsZero(part), default, out bool isZero);
            if (!isZero)
            {
                target.Write(offset + start, data.Slice(start, end - start));
            }

            start = end;
        }
    }

    private static void CopyWhatDiffers(IDisk target, IDisk shownBefore, DiskPiece piece, int granule, CancellationToken cancellation)
    {
        byte[] shown = ArrayPool<byte>.Shared.Rent(DiskPieces.PieceBytes);
        byte[]? zeroes = piece.Data is null ? ArrayPool<byte>.Shared.Rent(DiskPieces.PieceBytes) : null;
        zeroes?.AsSpan().Clear();
        try
        {
            for (long at = piece.Offset, end = piece.Offset + piece.Length; at < end;)
            {
                cancellation.ThrowIfCancellationRequested();
                long nothing = piece.Data is null ? ZeroesShownAt(shownBefore, at, end) : 0;
                if (nothing > 0)
                {
                    at += nothing;
                    continue;
                }

                int count = (int)Math.Min(end - at, DiskPieces.PieceBytes - (at % DiskPieces.PieceBytes));
                ReadOnlySpan<byte> data = piece.Data is { } read ? read.AsSpan((int)(at - piece.Offset), count) : zeroes.AsSpan(0, count);
                CopyWhatDiffers(target, shownBefore, at, data, shown.AsSpan(0, count), granule);
                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(shown);
            if (zeroes is not null)
            {
                ArrayPool<byte>.Shared.Return(zeroes);
            }
        }
    }

    // How far from an offset on the target reads as zeroes already.
    private static long ZeroesShownAt(IDisk shownBefore, long at, long end)
    {
        if (at >= shownBefore.Length)
        {
            return end - at;
        }

        DiskExtent below = shownBefore.ExtentAt(at, Math.Min(end, shownBefore.Length) - at);
        return below.State == QedExtentState.Data ? 0 : below.Length;
    }

    private static void CopyWhatDiffers(IDisk target, IDisk shownBefore, long offset, ReadOnlySpan<byte> data, Span<byte> shown, int granule)
    {
        int inside = (int)Math.Max(0, Math.Min(data.Length, shownBefore.Length - offset));
        if (inside > 0)
        {
            shownBefore.Read(offset, shown.Slice(0, inside));
        }

        shown.Slice(inside).Clear();
        for (int start = 0; start < data.Length;)
        {
            int end = EndOfRun(offset, data, start, granule, static (part, other) => part.SequenceEqual(other), shown, out bool isEqual);
            if (!isEqual)
            {
                Overwrite(target, offset + start, data.Slice(start, end - start), granule);
            }

            start = end;
        }
    }

    private static void Overwrite(IDisk target, long offset, ReadOnlySpan<byte> data, int granule)
    {
        for (int start = 0; start < data.Length;)
        {
            int end = EndOfRun(offset, data, start, granule, static (part, _) => ZeroScan.IsZero(part), default, out bool isZero);
            if (isZero)
            {
                target.Zero(offset + start, end - start);
            }
            else
            {
                target.Write(offset + start, data.Slice(start, end - start));
            }

            start = end;
        }
    }

    // The end of the run of granules, from start on, for which the test comes out the same.
    private static int EndOfRun(
        long offset, ReadOnlySpan<byte> data, int start, int granule, GranuleTest test, ReadOnlySpan<byte> other, out bool outcome)
    {
        int length = data.Length;
        int end = EndOfGranule(start);
        outcome = Test(data, other, start, end);
        while (end < data.Length)
        {
            int next = EndOfGranule(end);
            if (Test(data, other, end, next) != outcome)
            {
                break;
            }

            end = next;
        }

        return end;

        int EndOfGranule(int from) => (int)Math.Min(length, from + granule - ((offset + from) % granule));

        bool Test(ReadOnlySpan<byte> part, ReadOnlySpan<byte> with, int from, int to) =>
            test(part.Slice(from, to - from), with.IsEmpty ? with : with.Slice(from, to - from));
    }

    private delegate bool GranuleTest(ReadOnlySpan<byte> data, ReadOnlySpan<byte> other);
}
