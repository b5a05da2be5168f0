using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>The disk formed by a file and the disk below it, described run by run.</summary>
/// <param name="below">The disk of the backing file or parent; null if there is none or it is not wanted.</param>
internal abstract class RunDisk(IDisk? below) : ILocatedDisk, ISharingDisk
{
    public abstract long Length { get; }

    public abstract bool CanWrite { get; }

    /// <summary>The disk of the backing file or parent; null if there is none or it is not wanted.</summary>
    protected IDisk? Below { get; } = below;

    public DiskExtent ExtentAt(long offset, long length)
    {
        DiskRun run = GetRun(offset, length);
        return run.State switch
        {
            QedExtentState.Data => ExtentOf(offset, run),
            QedExtentState.Unallocated => DiskBelow.ExtentAt(Below, offset, run.Length),
            _ => new DiskExtent(offset, run.Length, run.State, FileOffset: 0, Depth: 0),
        };
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            DiskRun run = GetRun(offset, buffer.Length);
            Span<byte> part = buffer.Slice(0, (int)run.Length);
            switch (run.State)
            {
                case QedExtentState.Data:
                    ReadData(offset, run, part);
                    break;
                case QedExtentState.Unallocated:
                    DiskBelow.Read(Below, offset, part);
                    break;
                default:
                    part.Clear();
                    break;
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public IStorage? FileOf(in DiskExtent extent) => extent.Depth > 0 ? (Below as ILocatedDisk)?.FileOf(extent with { Depth = extent.Depth - 1 })
        : extent is { State: QedExtentState.Data, FileOffset: not DiskExtent.Packed } ? DataFile
        : null;

    public IStorage? FileWithHolesOf(in DiskExtent extent) =>
        extent.Depth > 0 ? (Below as ILocatedDisk)?.FileWithHolesOf(extent with { Depth = extent.Depth - 1 })
        : ReportsHoles ? null
        : FileOf(extent);

    /// <inheritdoc cref="IPlacingDisk.HoldsNothing"/>
    public bool HoldsNothing(long offset, long length)
    {
        while (length > 0)
        {
            DiskRun run = GetRun(offset, length);
            if (run.State == QedExtentState.Data)
            {
                return false;
            }

            offset += run.Length;
            length -= run.Length;
        }

        return true;
    }

    public int? SharingUnitWith(IStorage source) => (DataFile as ISharingStorage)?.SharingUnitWith(source);

    public void Write(long offset, ReadOnlySpan<byte> data) => Write(offset, new DiskContent(data));

    public abstract void Write(long offset, DiskContent content);

    public abstract void Zero(long offset, long length);

    public abstract void Flush();

    public abstract void SetLength(long length);

    /// <summary>The file that holds the data.</summary>
    protected abstract IStorage DataFile { get; }

    /// <summary>Whether holes in the host's file are reported as zeroes.</summary>
    protected abstract bool ReportsHoles { get; }

    /// <summary>What the file holds from an offset on.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the disk's end.</param>
    /// <returns>A run of at most that length; the next one may continue it.</returns>
    /// <exception cref="QedException">The tables could not be read or are damaged.</exception>
    protected abstract DiskRun GetRun(long offset, long length);

    /// <summary>Fills a buffer from a run of data.</summary>
    /// <param name="offset">Where the run begins on the disk, in bytes.</param>
    /// <param name="run">The run.</param>
    /// <param name="buffer">As long as the run.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    protected abstract void ReadData(long offset, in DiskRun run, Span<byte> buffer);

    /// <summary>The extent at the start of a run of data; it may be the whole run.</summary>
    /// <param name="offset">Where the run begins on the disk, in bytes.</param>
    /// <param name="run">The run.</param>
    /// <exception cref="QedException">The host could not report it.</exception>
    protected virtual DiskExtent ExtentOf(long offset, in DiskRun run) => new(offset, run.Length, run.State, run.FileOffset, Depth: 0);

    /// <summary>Whether the disk below extends to an offset.</summary>
    protected bool IsBacked(long offset) => Below is not null && offset < Below.Length;
}
