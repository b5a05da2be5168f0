using System;

namespace QedTools.Storage;

/// <summary>
/// Writes a backup: all that is needed to restore a file, namely its old length and its old contents where it is changed, one
/// record after another in the order of the changes. <see cref="UndoBackup"/> reads it.
/// </summary>
/// <remarks>
/// The header always states where the records end and seals them: it is rewritten once they are on the disk, and only then are
/// the changes made. So every bit that matters is sealed, even in a backup whose changes were interrupted.
/// </remarks>
internal sealed class UndoJournal : IDisposable
{
    private readonly IStorage _storage;
    private readonly UndoHeader _header;
    private readonly UndoChanges _changes;
    private readonly Sha256Sum _sum = new();
    private readonly byte[] _buffer = new byte[StorageCopy.BufferBytes];
    private readonly byte[] _recordStart = new byte[UndoRecord.HeaderSize];
    private byte[] _digest = new byte[Sha256Sum.Size];
    private long _end = UndoHeader.Size;
    private long _committedEnd = UndoHeader.Size;

    private UndoJournal(IStorage storage, UndoHeader header)
    {
        _storage = storage;
        _header = header;
        _changes = new UndoChanges(header.OriginalLength);
    }

    /// <summary>The backup's file.</summary>
    public string Path => _storage.Path;

    /// <summary>Begins a backup in an empty file, which the journal then owns.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="changed">The file that is about to be changed.</param>
    /// <exception cref="QedException">It could not be written.</exception>
    public static UndoJournal Begin(IStorage storage, IStorage changed)
    {
        UndoHeader header = UndoHeader.For(changed);
        header.WriteTo(storage);
        storage.Flush();
        Native.FolderFlush.Flush(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(storage.Path)));
        return new UndoJournal(storage, header);
    }

    /// <summary>Saves a range of a file.</summary>
    /// <exception cref="QedException">It could not be read, or the backup could not be written.</exception>
    public void Append(IStorage source, long offset, long length)
    {
        UndoRecord record = Start(UndoRecordKind.Saved, offset, length);
        for (long done = 0; done < length;)
        {
            int count = (int)Math.Min(length - done, _buffer.Length);
            source.ReadExactly(offset + done, _buffer.AsSpan(0, count));
            _sum.Add(_buffer, count);
            _storage.Write(record.DataAt + done, _buffer.AsSpan(0, count));
            done += count;
        }

        Finish(record);
    }

    /// <summary>Records that a range of a file is zeroes.</summary>
    /// <exception cref="QedException">The backup could not be written.</exception>
    public void AppendHole(long offset, long length) => Finish(Start(UndoRecordKind.Zeroes, offset, length));

    /// <summary>Records that a range of a file is changed whose old contents are not needed.</summary>
    /// <exception cref="QedException">The backup could not be written.</exception>
    public void AppendUnsaved(long offset, long length) => Finish(Start(UndoRecordKind.Unsaved, offset, length));

    /// <summary>Returns when everything saved is on the disk and sealed; only then may it be changed.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Flush()
    {
        if (_committedEnd == _end)
        {
            return;
        }

        _storage.Flush();
        _header.RecordsEnd = _end;
        _header.RecordsDigest = _digest;
        WriteStatus(_storage, _header);
        _committedEnd = _end;
    }

    /// <summary>Records that all changes are made and flushed, except for one to the file's first bytes, which may still follow.</summary>
    /// <param name="changed">The changed file.</param>
    /// <param name="start">What its first bytes will be; at most 512.</param>
    /// <exception cref="QedException">It could not be read, or the backup could not be written.</exception>
    public void Seal(IStorage changed, ReadOnlySpan<byte> start)
    {
        Flush();
        (byte[] finished, byte[] asItIs) = _changes.DigestsOf(changed, start);
        _header.ChangedLength = changed.Length;
        _header.ChangedDigest = finished;
        _header.UnfinishedDigest = asItIs;
        _header.State = UndoState.Complete;
        WriteStatus(_storage, _header);
    }

    public void Dispose()
    {
        _sum.Dispose();
        _storage.Dispose();
    }

    /// <summary>Writes a changed header to the disk.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    internal static void WriteStatus(IStorage storage, UndoHeader header)
    {
        header.WriteStatusTo(storage);
        storage.Flush();
    }

    private UndoRecord Start(UndoRecordKind kind, long offset, long length)
    {
        UndoRecord record = new(kind, offset, length, _end + UndoRecord.HeaderSize);
        record.WriteTo(_recordStart);
        _sum.Finish(); // discards what a failed append left
        _sum.Add(_digest, _digest.Length);
        _sum.Add(_recordStart, UndoRecord.DigestAt);
        return record;
    }

    private void Finish(UndoRecord record)
    {
        byte[] digest = _sum.Finish();
        digest.CopyTo(_recordStart, UndoRecord.DigestAt);
        _storage.Write(_end, _recordStart);
        _digest = digest;
        _end = record.DataAt + record.DataLength;
        _changes.Add(record.Offset, record.Length);

        // The digests allow for a change to the first bytes; any other change makes what was sealed incomplete.
        if (record.Offset + record.Length > UndoChanges.StartBytes)
        {
            _header.State = UndoState.Changing;
        }
    }
}
