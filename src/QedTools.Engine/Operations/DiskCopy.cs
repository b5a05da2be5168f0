using System;
using System.Buffers;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>Copies a disk's contents to another disk, zeroes as nothing.</summary>
internal static class DiskCopy
{
    /// <summary>The size of a copy's pieces, in bytes.</summary>
    public const int BufferBytes = 2 << 20;

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
        byte[] rented = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[]? shown = shownBefore is null ? null : ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (DiskExtent extent in ExtentWalk.Over(source, offset, length, cancellation))
            {
                for (long at = extent.Start; at < extent.End;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    long nothing = extent.State == QedExtentState.Data ? 0 : ZeroesShownAt(shownBefore, at, extent.End);
                    at += nothing > 0 ? nothing : CopyPiece(source, target, shownBefore, at, extent, rented, shown, granule);
                    progress?.Report(new OperationProgress(at, source.Length));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
            if (shown is not null)
            {
                ArrayPool<byte>.Shared.Return(shown);
            }
        }
    }

    // How far from an offset on the target reads as zeroes already.
    private static long ZeroesShownAt(IDisk? shownBefore, long at, long end)
    {
        if (shownBefore is null || at >= shownBefore.Length)
        {
            return end - at;
        }

        DiskExtent below = shownBefore.ExtentAt(at, Math.Min(end, shownBefore.Length) - at);
        return below.State == QedExtentState.Data ? 0 : below.Length;
    }

    private static int CopyPiece(
        IDisk source, IDisk target, IDisk? shownBefore, long at, DiskExtent extent, byte[] rented, byte[]? shown, int granule)
    {
        // Pieces end at multiples of the buffer's size, so that granules stay whole.
        int count = (int)Math.Min(extent.End - at, BufferBytes - (at % BufferBytes));
        Span<byte> piece = rented.AsSpan(0, count);
        if (extent.State == QedExtentState.Data)
        {
            source.Read(at, piece);
        }
        else
        {
            piece.Clear();
        }

        if (shownBefore is null)
        {
            CopyWhatIsNotZero(target, at, piece, granule);
        }
        else
        {
            CopyWhatDiffers(target, shownBefore, at, piece, shown.AsSpan(0, count), granule);
        }

        return count;
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

    private static void CopyWhatDiffers(IDisk target, IDisk shownBefore, long offset, ReadOnlySpan<byte> data, Span<byte> shown, int granule)
    {
        int inside = (int)Math.Max(0, Math.Min(data.Length, shownBefore.Length - offset));
        shownBefore.Read(offset, shown.Slice(0, inside));
        shown.Slice(inside).Clear();
        for (int start = 0; start < data.Length;)
        {
            int end = EndOfRun(offset, data, start, granule, static (part, other) => part.SequenceEqual(other), shown, out bool isEqual);
            ReadOnlySpan<byte> run = data.Slice(start, end - start);
            if (!isEqual && ZeroScan.IsZero(run))
            {
                target.Zero(offset + start, run.Length);
            }
            else if (!isEqual)
            {
                target.Write(offset + start, run);
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
