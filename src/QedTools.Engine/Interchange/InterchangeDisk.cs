using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>The disk of a file whose format is written only as a whole new file.</summary>
/// <param name="file">Where the data is.</param>
/// <param name="formatName">The format's name.</param>
/// <param name="isNew">Whether the file is being created: what was not written yet then reads as zeroes.</param>
/// <param name="below">The disk of the backing file or parent; null if there is none or it is left out.</param>
internal abstract class InterchangeDisk(IStorage file, string formatName, bool isNew, IDisk? below) : RunDisk(below)
{
    public override bool CanWrite => isNew;

    /// <summary>Where the data is.</summary>
    protected IStorage File { get; } = file;

    protected sealed override IStorage DataFile => File;

    protected sealed override bool ReportsHoles => true;

    public override void Write(long offset, DiskContent content)
    {
        RequireWritable();
        while (content.Length > 0)
        {
            DiskRun run = Allocate(offset, content.Length);
            content.Slice(0, run.Length).StoreIn(File, run.FileOffset);
            offset += run.Length;
            content = content.Slice(run.Length);
        }
    }

    public override void Zero(long offset, long length)
    {
        RequireWritable();
        while (length > 0)
        {
            DiskRun run = GetRun(offset, length);
            if (run.State == QedExtentState.Data)
            {
                ZeroFill.Write(File, run.FileOffset, run.Length);
            }

            offset += run.Length;
            length -= run.Length;
        }
    }

    public override void Flush()
    {
        RequireWritable();
        File.Flush();
    }

    public override void SetLength(long length) => throw QedUnsupportedFormatException.ForWriting(File.Path, formatName);

    /// <summary>The run at an offset of a file that is being created, in a new block if there was none.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How much is to be written there, in bytes; at least 1.</param>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    protected virtual DiskRun Allocate(long offset, long length) => throw ReadOnly();

    /// <summary>Fills a buffer from a run of data that is not stored as is.</summary>
    /// <param name="offset">Where the run begins on the disk, in bytes.</param>
    /// <param name="buffer">As long as the run.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    protected virtual void ReadPacked(long offset, Span<byte> buffer) => throw new InvalidOperationException("The format has no such data.");

    protected sealed override void ReadData(long offset, in DiskRun run, Span<byte> buffer)
    {
        if (run.IsPacked)
        {
            ReadPacked(offset, buffer);
        }
        else if (isNew)
        {
            // A block just allocated may be past the end of the file, where it reads as zeroes.
            File.ReadOrZero(run.FileOffset, buffer);
        }
        else
        {
            File.ReadExactly(run.FileOffset, buffer);
        }
    }

    // A block that was written only in part has a hole in the host's file where nothing was written.
    protected override DiskExtent ExtentOf(long offset, in DiskRun run) => run.IsPacked ? base.ExtentOf(offset, run)
        : isNew ? StoredExtent.At(File, offset, run.FileOffset, run.Length)
        : StoredExtent.Required(File, offset, run.FileOffset, run.Length);

    /// <summary>Makes sure that the disk may be written to.</summary>
    protected void RequireWritable()
    {
        if (!CanWrite)
        {
            throw ReadOnly();
        }
    }

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");
}
