using System;
using QedTools.Storage;

namespace QedTools.Serving;

/// <summary>Changes the disk of an export.</summary>
/// <param name="export">The export.</param>
/// <param name="isRefusing">Whether the server is about to end, so that long work stops.</param>
internal sealed class NbdWriter(NbdExport export, Func<bool> isRefusing)
{
    // Others can write in between.
    private const long ZeroedAtOnce = 1 << 30;

    /// <summary>Makes a range zero.</summary>
    /// <returns>The error; none if it was done.</returns>
    /// <exception cref="QedException">It could not be written.</exception>
    public NbdError Zero(in NbdRequest request)
    {
        bool takesSpace = (request.Flags & NbdCommandFlags.NoHole) != 0;
        if ((request.Flags & NbdCommandFlags.FastZero) != 0 && (takesSpace || !IsWhole(request)))
        {
            return NbdError.NotSupported;
        }

        return takesSpace
            ? InPieces((long)request.Offset, (long)request.Length, ZeroFill.Zeroes.Length, static (disk, at, count) => disk.Write(at, ZeroFill.Zeroes.Span.Slice(0, (int)count)))
            : InPieces((long)request.Offset, (long)request.Length, ZeroedAtOnce, static (disk, at, count) => disk.Zero(at, count));
    }

    /// <summary>Forgets what the disk stores for a range, as far as it can forget it without writing.</summary>
    /// <returns>The error; none if it was done.</returns>
    /// <exception cref="QedException">It could not be written.</exception>
    public NbdError Trim(in NbdRequest request)
    {
        ulong mask = (ulong)export.Granule - 1;
        ulong start = (request.Offset + mask) & ~mask;
        ulong end = request.Offset + request.Length;
        end = end == (ulong)export.Size ? end : end & ~mask;
        return start < end ? InPieces((long)start, (long)(end - start), ZeroedAtOnce, static (disk, at, count) => disk.Zero(at, count)) : NbdError.None;
    }

    private NbdError InPieces(long at, long length, long atOnce, Action<Disks.IDisk, long, long> change)
    {
        for (long end = at + length; at < end;)
        {
            if (isRefusing())
            {
                return NbdError.Shutdown;
            }

            long count = Math.Min(end - at, atOnce - (at % atOnce));
            change(export.Disk, at, count);
            at += count;
        }

        return NbdError.None;
    }

    private bool IsWhole(in NbdRequest request)
    {
        ulong mask = (ulong)export.Granule - 1;
        ulong end = request.Offset + request.Length;
        return (request.Offset & mask) == 0 && ((end & mask) == 0 || end == (ulong)export.Size);
    }
}
