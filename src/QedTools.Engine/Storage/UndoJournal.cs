using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>
/// What it takes to bring a file back to what it was: its old length and its old contents where it was changed, one after
/// the other in the order of the changes. A record that is not whole was never followed by its change.
/// </summary>
/// <remarks>
/// The file: "QEDUNDO2", the old length (8 bytes), a state (8 bytes, <see cref="UndoState"/>), the length and a checksum of all
/// that was changed when the changes were complete (8 bytes each), the same checksum before the last change of the file's first
/// bytes (8 bytes), the changed file's name without its folder and its identity
/// on this host (each a length of 2 bytes and UTF-8, in fields of 1,024 and 256 bytes); then for each record its kind, its
/// offset, its length (8 bytes each), a checksum (8 bytes, FNV-1a of these and of the bytes: after a power cut the file's length
/// proves nothing) and for kind 0 the old bytes. Kind 1 is a stretch of zeroes, kind 2 one whose old contents nobody needs.
/// Numbers are little-endian.
/// </remarks>
internal sealed class UndoJournal : IDisposable
{
    private const int StateAt = 16;
    private const int SealAt = 24;
    private const int SealSize = 24;
    private const int StartBytes = 512;
    private const int NameAt = SealAt + SealSize;
    private const int IdentityAt = NameAt + 1024;
    private const int HeaderSize = IdentityAt + 256;
    private const int RecordHeaderSize = 32;
    private const int ChecksumAt = 24;
    private const int BufferBytes = 1 << 20;
    private const ulong ChecksumStart = 0xcbf29ce484222325;
    private const ulong ChecksumPrime = 0x100000001b3;

    private static readonly byte[] Magic = [(byte)'Q', (byte)'E', (byte)'D', (byte)'U', (byte)'N', (byte)'D', (byte)'O', (byte)'2'];

    private readonly IStorage _storage;
    private long _end = HeaderSize;

    private UndoJournal(IStorage storage) => _storage = storage;

    /// <summary>The journal's file.</summary>
    public string Path => _storage.Path;

    /// <summary>Begins a journal in an empty file, which it owns from then on.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="changed">The file that is going to be changed.</param>
    /// <exception cref="QedException">It could not be written.</exception>
    public static UndoJournal Begin(IStorage storage, IStorage changed)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), changed.Length);
        WriteText(header.Slice(NameAt, IdentityAt - NameAt), System.IO.Path.GetFileName(changed.Path));
        WriteText(header.Slice(IdentityAt), changed.Identity);
        storage.Write(0, header);
        storage.Flush();
        FolderFlush.Flush(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(storage.Path)));
        return new UndoJournal(storage);
    }

    /// <summary>Saves a stretch of a file.</summary>
    /// <exception cref="QedException">It could not be read, or the journal not be written.</exception>
    public void Append(IStorage source, long offset, long length)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        ulong checksum = WriteRange(header, RecordKind.Saved, offset, length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, BufferBytes));
        try
        {
            for (long done = 0; done < length;)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length - done, buffer.Length));
                piece.Slice(source.Read(offset + done, piece)).Clear();
                checksum = Continue(checksum, piece);
                _storage.Write(_end + RecordHeaderSize + done, piece);
                done += piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        WriteHeader(header, checksum, length);
    }

    /// <summary>Notes that a stretch of a file is zeroes.</summary>
    /// <exception cref="QedException">The journal could not be written.</exception>
    public void AppendHole(long offset, long length) => AppendRange(RecordKind.Zeroes, offset, length);

    /// <summary>Notes that a stretch of a file is changed whose old contents nobody needs.</summary>
    /// <exception cref="QedException">The journal could not be written.</exception>
    public void AppendUnsaved(long offset, long length) => AppendRange(RecordKind.Unsaved, offset, length);

    /// <summary>Returns when all that was saved is on the disk.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Flush() => _storage.Flush();

    /// <summary>Notes that all changes are made and flushed, but for one of the file's first bytes, which may be on its way.</summary>
    /// <param name="changed">The changed file.</param>
    /// <param name="start">What its first bytes are, or are going to be: 512 at most.</param>
    /// <exception cref="QedException">It could not be read, or the journal not be written.</exception>
    public void Seal(IStorage changed, ReadOnlySpan<byte> start)
    {
        long originalLength = OriginalLength(_storage);
        List<Record> records = ReadRecords(_storage, originalLength);
        Span<byte> seal = stackalloc byte[SealSize];
        BinaryPrimitives.WriteInt64LittleEndian(seal, changed.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(seal.Slice(sizeof(long)), ChecksumOfChanges(changed, records, originalLength, start));
        BinaryPrimitives.WriteUInt64LittleEndian(seal.Slice(2 * sizeof(long)), ChecksumOfChanges(changed, records, originalLength, start: default));
        _storage.Write(SealAt, seal);
        WriteState(_storage, UndoState.Complete);
    }

    /// <summary>How far a journal's changes are; null if the file is no journal.</summary>
    /// <param name="journal">The journal's file.</param>
    /// <param name="changedName">The name of the changed file, without its folder; null for that of a file with another name.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static UndoState? StateOf(IStorage journal, string changedName)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        Span<byte> name = stackalloc byte[IdentityAt - NameAt];
        WriteText(name, changedName);
        return journal.Read(0, header) == HeaderSize && header.Slice(0, Magic.Length).SequenceEqual(Magic) && name.SequenceEqual(header.Slice(NameAt, name.Length))
            ? (UndoState)BinaryPrimitives.ReadInt64LittleEndian(header.Slice(StateAt))
            : null;
    }

    /// <summary>Makes sure that a journal belongs to a file as it is now, as far as the two can tell.</summary>
    /// <param name="journal">The journal's file.</param>
    /// <param name="target">The file that was changed.</param>
    /// <returns>
    /// <see cref="UndoState.Complete"/> if the file is what the changes left, whether or not taking them back was begun. Else changes
    /// or their taking back were cut off, and only the file itself can tell whether others were made since.
    /// </returns>
    /// <exception cref="QedLimitException">It is no journal, that of another file, was taken back, or the file was changed since.</exception>
    /// <exception cref="QedException">A file could not be read.</exception>
    public static UndoState RequireFits(IStorage journal, IStorage target)
    {
        long originalLength = OriginalLength(journal);
        if (StateOf(journal, System.IO.Path.GetFileName(target.Path)) is not { } state)
        {
            throw Misfit(
                journal,
                "the backup of this image",
                $"'{journal.Path}' is the backup of a file with another name than '{target.Path}'. Give a renamed image its old name first.");
        }

        if (state == UndoState.TakenBack)
        {
            throw Misfit(
                journal,
                "a backup that was not used yet",
                $"The repair that made '{journal.Path}' was taken back already. Nothing is to be done with '{target.Path}'.");
        }

        Span<byte> stored = stackalloc byte[HeaderSize];
        journal.Read(0, stored);
        if (state != UndoState.BeingMade && BinaryPrimitives.ReadInt64LittleEndian(stored.Slice(SealAt)) == target.Length)
        {
            ulong checksum = ChecksumOfChanges(target, ReadRecords(journal, originalLength), originalLength, start: default);
            if (checksum == BinaryPrimitives.ReadUInt64LittleEndian(stored.Slice(SealAt + sizeof(long)))
                || checksum == BinaryPrimitives.ReadUInt64LittleEndian(stored.Slice(SealAt + (2 * sizeof(long)))))
            {
                return UndoState.Complete;
            }
        }

        Span<byte> identity = stackalloc byte[HeaderSize - IdentityAt];
        WriteText(identity, target.Identity);
        return state != UndoState.Complete && identity.SequenceEqual(stored.Slice(IdentityAt))
            ? state
            : throw Changed(journal, target);
    }

    /// <summary>The error for a file that was changed after the changes that a journal knows.</summary>
    public static QedLimitException Changed(IStorage journal, IStorage target) => Misfit(
        journal,
        "the backup of this image as it is now",
        $"The backup '{journal.Path}' does not fit '{target.Path}': the image was changed since that repair, or it is another one. Name the backup of the last change.");

    /// <summary>Notes that the changes are going to be taken back. Until the note that they are, nothing but that can be done.</summary>
    /// <param name="journal">The journal's file, open for writing; <see cref="RequireFits"/> accepted it.</param>
    /// <exception cref="QedException">It could not be written.</exception>
    public static void BeginRestore(IStorage journal) => WriteState(journal, UndoState.BeingTakenBack);

    /// <summary>Brings a file back to what it was. Can be repeated if it was interrupted.</summary>
    /// <param name="journal">The journal's file, open for writing.</param>
    /// <param name="target">The file that was changed, open for writing.</param>
    /// <exception cref="QedLimitException">The journal's file is no journal.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public static void Restore(IStorage journal, IStorage target)
    {
        long originalLength = OriginalLength(journal);
        List<Record> records = ReadRecords(journal, originalLength);
        target.SetLength(originalLength);

        // The newest change is taken back first.
        for (int i = records.Count - 1; i >= 0; i--)
        {
            Record record = records[i];
            if (record.Offset < StartBytes)
            {
                target.Flush(); // they can say that the rest is whole
            }

            if (record.Kind == RecordKind.Zeroes)
            {
                ZeroFill.Write(target, record.Offset, record.Length);
            }
            else if (record.Kind == RecordKind.Saved)
            {
                StorageCopy.Run(journal, record.DataAt, target, record.Offset, record.Length);
            }
        }

        target.SetLength(originalLength);
        target.Flush();
        WriteState(journal, UndoState.TakenBack);
    }

    public void Dispose() => _storage.Dispose();

    private static long OriginalLength(IStorage journal)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int count = journal.Read(0, header);
        long length = BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8));
        return count == HeaderSize && header.Slice(0, Magic.Length).SequenceEqual(Magic) && length >= 0
            ? length
            : throw Misfit(
                journal,
                "a backup that Repair-QedImage made",
                $"'{journal.Path}' is no backup that Repair-QedImage made. Name the file that the repair reported as BackupPath.");
    }

    private static QedLimitException Misfit(IStorage journal, string allowed, string message) =>
        QedLimitException.ForRequest(journal.Path, "RestoreFrom", journal.Path, allowed, message);

    private static void WriteState(IStorage journal, UndoState state)
    {
        Span<byte> field = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(field, (long)state);
        journal.Flush();
        journal.Write(StateAt, field);
        journal.Flush();
    }

    // Records lie one behind the other up to the first that is not whole.
    private static List<Record> ReadRecords(IStorage journal, long originalLength)
    {
        List<Record> records = [];
        for (long at = HeaderSize; TryRead(journal, at, originalLength, out Record record);)
        {
            records.Add(record);
            at = record.DataAt + record.DataLength;
        }

        return records;
    }

    // Of what is now where something was changed: all behind the old end is, and the first bytes may be.
    private static ulong ChecksumOfChanges(IStorage changed, List<Record> records, long originalLength, ReadOnlySpan<byte> start)
    {
        List<(long Offset, long End)> ranges = [(0, StartBytes), (originalLength, long.MaxValue)];
        foreach (Record record in records)
        {
            ranges.Add((record.Offset, record.Offset + record.Length));
        }

        ranges.Sort();
        ulong checksum = ChecksumStart;
        long done = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach ((long offset, long rangeEnd) in ranges)
            {
                long end = Math.Min(rangeEnd, changed.Length);
                for (long at = Math.Max(done, offset); at < end;)
                {
                    Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(end - at, BufferBytes));
                    piece.Slice(changed.Read(at, piece)).Clear();
                    if (at == 0)
                    {
                        start.CopyTo(piece);
                    }

                    checksum = Continue(checksum, piece);
                    at += piece.Length;
                }

                done = Math.Max(done, end);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return checksum;
    }

    private static bool TryRead(IStorage journal, long at, long originalLength, out Record record)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        bool isWhole = journal.Read(at, header) == RecordHeaderSize;
        record = new Record(
            (RecordKind)BinaryPrimitives.ReadInt64LittleEndian(header),
            BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8)),
            BinaryPrimitives.ReadInt64LittleEndian(header.Slice(16)),
            at + RecordHeaderSize);
        return isWhole
            && record.Kind is RecordKind.Saved or RecordKind.Zeroes or RecordKind.Unsaved
            && record.Length > 0
            && record.Offset >= 0
            && record.Length <= originalLength - record.Offset
            && record.DataLength <= journal.Length - record.DataAt
            && Checksum(journal, header, record) == BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(ChecksumAt));
    }

    private static ulong Checksum(IStorage journal, ReadOnlySpan<byte> header, Record record)
    {
        ulong checksum = Continue(ChecksumStart, header.Slice(0, ChecksumAt));
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, Math.Min(record.DataLength, BufferBytes)));
        try
        {
            for (long done = 0; done < record.DataLength;)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(record.DataLength - done, buffer.Length));
                piece.Slice(journal.Read(record.DataAt + done, piece)).Clear();
                checksum = Continue(checksum, piece);
                done += piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return checksum;
    }

    private static void WriteText(Span<byte> field, string text)
    {
        field.Clear();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = Math.Min(bytes.Length, field.Length - sizeof(ushort));
        BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)length);
        bytes.AsSpan(0, length).CopyTo(field.Slice(sizeof(ushort)));
    }

    private static ulong WriteRange(Span<byte> header, RecordKind kind, long offset, long length)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header, (long)kind);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), offset);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(16), length);
        return Continue(ChecksumStart, header.Slice(0, ChecksumAt));
    }

    private static ulong Continue(ulong checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            checksum = unchecked((checksum ^ b) * ChecksumPrime);
        }

        return checksum;
    }

    private void AppendRange(RecordKind kind, long offset, long length)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        WriteHeader(header, WriteRange(header, kind, offset, length), 0);
    }

    private void WriteHeader(Span<byte> header, ulong checksum, long dataLength)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header.Slice(ChecksumAt), checksum);
        _storage.Write(_end, header);
        _end += RecordHeaderSize + dataLength;
    }

    private enum RecordKind : long
    {
        Saved = 0,
        Zeroes = 1,
        Unsaved = 2,
    }

    /// <summary>A record's place in the changed file and of its bytes in the journal.</summary>
    private readonly record struct Record(RecordKind Kind, long Offset, long Length, long DataAt)
    {
        public long DataLength => Kind == RecordKind.Saved ? Length : 0;
    }
}
