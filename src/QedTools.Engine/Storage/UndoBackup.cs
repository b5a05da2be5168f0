using System;
using System.Collections.Generic;

namespace QedTools.Storage;

/// <summary>A backup that <see cref="UndoJournal"/> wrote, read and verified down to the last bit.</summary>
internal sealed class UndoBackup
{
    private readonly UndoHeader _header;
    private readonly List<UndoRecord> _records;

    private UndoBackup(IStorage file, UndoHeader header, List<UndoRecord> records)
    {
        File = file;
        _header = header;
        _records = records;
    }

    /// <summary>The backup's file.</summary>
    public string Path => File.Path;

    /// <summary>The open backup.</summary>
    public IStorage File { get; }

    /// <summary>The state of the changes.</summary>
    public UndoState State => _header.State;

    /// <summary>Whether the first bytes of the file were among what was changed.</summary>
    public bool HasStart => _records.Exists(record => record.Offset == 0);

    /// <summary>Reads a backup.</summary>
    /// <param name="file">The file; the caller keeps ownership.</param>
    /// <exception cref="QedBackupMismatchException">It is not a backup, or one of an older version.</exception>
    /// <exception cref="QedBackupDamagedException">It does not match what was written.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static UndoBackup Read(IStorage file)
    {
        UndoHeader header = UndoHeader.Read(file);
        return new UndoBackup(file, header, UndoRecord.ReadAll(file, header));
    }

    /// <summary>Makes sure that the backup belongs to a file as it is now, as far as the two files show.</summary>
    /// <param name="target">The file that was changed.</param>
    /// <returns>
    /// <see cref="UndoState.Complete"/> if the file is as the changes left it, whether or not undoing them was begun. Otherwise the
    /// changes, or undoing them, were interrupted, and only the file itself can show whether other changes were made since.
    /// </returns>
    /// <exception cref="QedBackupMismatchException">It belongs to another file, its changes are already undone, or the file was changed since.</exception>
    /// <exception cref="QedException">A file could not be read.</exception>
    public UndoState RequireFits(IStorage target)
    {
        if (!_header.IsNamed(System.IO.Path.GetFileName(target.Path)))
        {
            throw UndoHeader.Misfit(
                File,
                "the backup of this image",
                $"'{Path}' is the backup of a file named '{_header.Name}', not of '{target.Path}'. Name that file; if the image was renamed, give it its old name first.");
        }

        if (State == UndoState.Restored)
        {
            throw UndoHeader.Misfit(
                File,
                "a backup that has not been used yet",
                $"The repair that made '{Path}' was already undone. Nothing needs to be done to '{target.Path}'.");
        }

        if (State != UndoState.Changing && _header.ChangedLength == target.Length && HoldsTheChanges(target))
        {
            return UndoState.Complete;
        }

        return State != UndoState.Complete && _header.HasIdentity(target.Identity) ? State : throw Changed(target);
    }

    /// <summary>The error for a file that was changed after the changes recorded in the backup.</summary>
    public QedBackupMismatchException Changed(IStorage target) => UndoHeader.Misfit(
        File,
        "the backup of this image as it is now",
        $"The backup '{Path}' does not match '{target.Path}': the image was changed since that repair, or is a different one. Name the backup of the last change.");

    /// <summary>Records that the changes are about to be undone. Until it is recorded that they are undone, nothing else can be done.</summary>
    /// <exception cref="QedException">The backup, which must be open for writing, could not be written.</exception>
    public void BeginRestore() => WriteState(UndoState.RestoreInProgress);

    /// <summary>Restores a file to what it was. Can be repeated if it was interrupted.</summary>
    /// <param name="target">The file that was changed, open for writing.</param>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public void Restore(IStorage target)
    {
        target.SetLength(_header.OriginalLength);

        // The newest change is undone first.
        for (int i = _records.Count - 1; i >= 0; i--)
        {
            UndoRecord record = _records[i];
            if (record.Offset < UndoChanges.StartBytes)
            {
                target.Flush(); // these bytes can declare that the rest is intact
            }

            if (record.Kind == UndoRecordKind.Zeroes)
            {
                Clear(target, record.Offset, record.Length);
            }
            else if (record.Kind == UndoRecordKind.Saved)
            {
                StorageCopy.Run(File, record.DataAt, target, record.Offset, record.Length);
            }
        }

        target.SetLength(_header.OriginalLength);
        target.Flush();
        WriteState(UndoState.Restored);
    }

    /// <summary>How much more space the file takes once it is restored, in bytes; at least 0.</summary>
    /// <param name="target">The file that was changed.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public long RequiredBytes(IStorage target)
    {
        long required = 0;
        foreach (UndoRecord record in _records)
        {
            if (record.Kind == UndoRecordKind.Saved)
            {
                required += record.Length - target.StoredBytesIn(record.Offset, record.Length);
            }
        }

        // Space beyond the old end is freed first.
        return Math.Max(0, required - target.StoredBytesIn(_header.OriginalLength, long.MaxValue));
    }

    // A hole stays a hole: it may be much larger than the free space on the disk.
    private static void Clear(IStorage target, long offset, long length)
    {
        while (length > 0)
        {
            StorageRange range = target.RangeAt(offset, length);
            if (!range.IsHole)
            {
                ZeroFill.Write(target, offset, range.Length);
            }

            offset += range.Length;
            length -= range.Length;
        }
    }

    private bool HoldsTheChanges(IStorage target)
    {
        UndoChanges changes = new(_header.OriginalLength);
        foreach (UndoRecord record in _records)
        {
            changes.Add(record.Offset, record.Length);
        }

        (byte[] digest, _) = changes.DigestsOf(target, start: default);
        return digest.AsSpan().SequenceEqual(_header.ChangedDigest) || digest.AsSpan().SequenceEqual(_header.UnfinishedDigest);
    }

    private void WriteState(UndoState state)
    {
        _header.State = state;
        UndoJournal.WriteStatus(File, _header);
    }
}
