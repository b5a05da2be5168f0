using System;
using System.Collections.Generic;

namespace QedTools.Storage;

/// <summary>A backup that <see cref="UndoJournal"/> wrote, read and found to be whole, down to the last bit.</summary>
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

    /// <summary>The same, open.</summary>
    public IStorage File { get; }

    /// <summary>How far the changes are.</summary>
    public UndoState State => _header.State;

    /// <summary>Whether the changes began with the first bytes of the file.</summary>
    public bool HasStart => _records.Exists(record => record.Offset == 0);

    /// <summary>Reads a backup.</summary>
    /// <param name="file">The file; stays the caller's.</param>
    /// <exception cref="QedBackupMismatchException">It is no backup, or one of an older version.</exception>
    /// <exception cref="QedBackupDamagedException">It is not what was written.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static UndoBackup Read(IStorage file)
    {
        UndoHeader header = UndoHeader.Read(file);
        return new UndoBackup(file, header, UndoRecord.ReadAll(file, header));
    }

    /// <summary>Makes sure that the backup belongs to a file as it is now, as far as the two can tell.</summary>
    /// <param name="target">The file that was changed.</param>
    /// <returns>
    /// <see cref="UndoState.Complete"/> if the file is what the changes left, whether or not taking them back was begun. Else changes
    /// or their taking back were cut off, and only the file itself can tell whether others were made since.
    /// </returns>
    /// <exception cref="QedBackupMismatchException">It is that of another file, was taken back, or the file was changed since.</exception>
    /// <exception cref="QedException">A file could not be read.</exception>
    public UndoState RequireFits(IStorage target)
    {
        if (!_header.IsNamed(System.IO.Path.GetFileName(target.Path)))
        {
            throw UndoHeader.Misfit(
                File,
                "the backup of this image",
                $"'{Path}' is the backup of a file that was named '{_header.Name}', which '{target.Path}' is not. Use that name; give a renamed image its old name first.");
        }

        if (State == UndoState.TakenBack)
        {
            throw UndoHeader.Misfit(
                File,
                "a backup that was not used yet",
                $"The repair that made '{Path}' was taken back already. Nothing is to be done with '{target.Path}'.");
        }

        if (State != UndoState.BeingMade && _header.ChangedLength == target.Length && HoldsTheChanges(target))
        {
            return UndoState.Complete;
        }

        return State != UndoState.Complete && _header.HasIdentity(target.Identity) ? State : throw Changed(target);
    }

    /// <summary>The error for a file that was changed after the changes that the backup knows.</summary>
    public QedBackupMismatchException Changed(IStorage target) => UndoHeader.Misfit(
        File,
        "the backup of this image as it is now",
        $"The backup '{Path}' does not fit '{target.Path}': the image was changed since that repair, or it is another one. Name the backup of the last change.");

    /// <summary>Notes that the changes are going to be taken back. Until the note that they are, nothing but that can be done.</summary>
    /// <exception cref="QedException">The backup, open for writing, could not be written.</exception>
    public void BeginRestore() => WriteState(UndoState.BeingTakenBack);

    /// <summary>Brings a file back to what it was. Can be repeated if it was interrupted.</summary>
    /// <param name="target">The file that was changed, open for writing.</param>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public void Restore(IStorage target)
    {
        target.SetLength(_header.OriginalLength);

        // The newest change is taken back first.
        for (int i = _records.Count - 1; i >= 0; i--)
        {
            UndoRecord record = _records[i];
            if (record.Offset < UndoChanges.StartBytes)
            {
                target.Flush(); // they can say that the rest is whole
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
        WriteState(UndoState.TakenBack);
    }

    /// <summary>How much more room the file takes once it is brought back, in bytes, at least 0.</summary>
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

        // What lies behind the old end is given back first.
        return Math.Max(0, required - target.StoredBytesIn(_header.OriginalLength, long.MaxValue));
    }

    // A hole stays one: it may be much longer than the disk has room.
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
