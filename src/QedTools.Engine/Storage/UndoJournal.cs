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
/// The file: "QEDUNDO1", the old length (8 bytes), a state (8 bytes: 0 while changes are made, 1 when they are complete, 2 once
/// they are being taken back), the length and a checksum of the saved ranges when the changes were complete (8 bytes each), the
/// changed file's name without its folder (a length of 2 bytes and UTF-8, in a field of 1,024 bytes); then for each record its offset (8 bytes), its length (8 bytes, negative
/// for a stretch of zeroes, for which no bytes follow), a checksum (8 bytes, FNV-1a of offset, length and bytes: after a power
/// cut the file's length proves nothing) and the bytes. Numbers are little-endian.
/// </remarks>
internal sealed class UndoJournal : IDisposable
{
    private const int StateAt = 16;
    private const int SealAt = 24;
    private const int SealSize = 16;
    private const int NameAt = SealAt + SealSize;
    private const int HeaderSize = NameAt + 1024;
    private const int RecordHeaderSize = 24;
    private const int ChecksumAt = 16;
    private const int BufferBytes = 1 << 20;
    private const long Complete = 1;
    private const long BeingTakenBack = 2;
    private const ulong ChecksumStart = 0xcbf29ce484222325;
    private const ulong ChecksumPrime = 0x100000001b3;

    private static readonly byte[] Magic = [(byte)'Q', (byte)'E', (byte)'D', (byte)'U', (byte)'N', (byte)'D', (byte)'O', (byte)'1'];

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
        WriteName(header.Slice(NameAt), changed.Path);
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
        ulong checksum = WriteRange(header, offset, length);
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
    public void AppendHole(long offset, long length)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        WriteHeader(header, WriteRange(header, offset, -length), 0);
    }

    /// <summary>Returns when all that was saved is on the disk.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Flush() => _storage.Flush();

    /// <summary>Notes that all changes are made and flushed, and what the file looks like then.</summary>
    /// <param name="changed">The changed file.</param>
    /// <exception cref="QedException">It could not be read, or the journal not be written.</exception>
    public void Seal(IStorage changed)
    {
        Span<byte> seal = stackalloc byte[SealSize];
        WriteSeal(seal, changed, ReadRecords(_storage, OriginalLength(_storage)));
        _storage.Write(SealAt, seal);
        WriteState(_storage, Complete);
    }

    /// <summary>Makes sure that a journal belongs to a file as it is now.</summary>
    /// <param name="journal">The journal's file.</param>
    /// <param name="target">The file that was changed.</param>
    /// <exception cref="QedLimitException">It is no journal, that of another file, or the file was changed since.</exception>
    /// <exception cref="QedException">A file could not be read.</exception>
    public static void RequireFits(IStorage journal, IStorage target)
    {
        long originalLength = OriginalLength(journal);
        Span<byte> stored = stackalloc byte[HeaderSize];
        journal.Read(0, stored);
        Span<byte> name = stackalloc byte[HeaderSize - NameAt];
        WriteName(name, target.Path);
        if (!name.SequenceEqual(stored.Slice(NameAt)))
        {
            throw QedLimitException.ForRequest(
                journal.Path,
                "RestoreFrom",
                journal.Path,
                "the backup of this image",
                $"'{journal.Path}' is the backup of a file with another name than '{target.Path}'. Give a renamed image its old name first.");
        }

        if (BinaryPrimitives.ReadInt64LittleEndian(stored.Slice(StateAt)) != Complete)
        {
            return;
        }

        Span<byte> seal = stackalloc byte[SealSize];
        WriteSeal(seal, target, ReadRecords(journal, originalLength));
        if (!seal.SequenceEqual(stored.Slice(SealAt, SealSize)))
        {
            throw QedLimitException.ForRequest(
                journal.Path,
                "RestoreFrom",
                journal.Path,
                "the backup of this image as it is now",
                $"The backup '{journal.Path}' does not fit '{target.Path}': the image was changed since that repair, or it is another one. Name the backup of the last change.");
        }
    }

    /// <summary>Brings a file back to what it was. Can be repeated if it was interrupted.</summary>
    /// <param name="journal">The journal's file, open for writing; <see cref="RequireFits"/> accepted it.</param>
    /// <param name="target">The file that was changed, open for writing.</param>
    /// <exception cref="QedLimitException">The journal's file is no journal.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public static void Restore(IStorage journal, IStorage target)
    {
        long originalLength = OriginalLength(journal);
        List<Record> records = ReadRecords(journal, originalLength);
        WriteState(journal, BeingTakenBack);
        target.SetLength(originalLength);

        // The newest change is taken back first.
        for (int i = records.Count - 1; i >= 0; i--)
        {
            Record record = records[i];
            if (record.Length < 0)
            {
                ZeroFill.Write(target, record.Offset, -record.Length);
            }
            else
            {
                StorageCopy.Run(journal, record.DataAt, target, record.Offset, record.Length);
            }
        }

        target.SetLength(originalLength);
        target.Flush();
    }

    public void Dispose() => _storage.Dispose();

    private static long OriginalLength(IStorage journal)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int count = journal.Read(0, header);
        long length = BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8));
        return count == HeaderSize && header.Slice(0, Magic.Length).SequenceEqual(Magic) && length >= 0
            ? length
            : throw QedLimitException.ForRequest(
                journal.Path,
                "RestoreFrom",
                journal.Path,
                "a backup that Repair-QedImage made",
                $"'{journal.Path}' is no backup that Repair-QedImage made. Name the file that the repair reported as BackupPath.");
    }

    private static void WriteState(IStorage journal, long state)
    {
        Span<byte> field = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(field, state);
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
            at = record.DataAt + Math.Max(0, record.Length);
        }

        return records;
    }

    // The length, and what is now where something was changed.
    private static void WriteSeal(Span<byte> seal, IStorage changed, List<Record> records)
    {
        ulong checksum = ChecksumStart;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (Record record in records)
            {
                long end = Math.Min(record.Offset + Math.Abs(record.Length), changed.Length);
                for (long at = record.Offset; at < end;)
                {
                    Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(end - at, BufferBytes));
                    piece.Slice(changed.Read(at, piece)).Clear();
                    checksum = Continue(checksum, piece);
                    at += piece.Length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        BinaryPrimitives.WriteInt64LittleEndian(seal, changed.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(seal.Slice(sizeof(long)), checksum);
    }

    private static bool TryRead(IStorage journal, long at, long originalLength, out Record record)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        bool isWhole = journal.Read(at, header) == RecordHeaderSize;
        record = new Record(
            BinaryPrimitives.ReadInt64LittleEndian(header),
            BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8)),
            at + RecordHeaderSize);
        return isWhole
            && record.Length is not (0 or long.MinValue)
            && record.Offset >= 0
            && Math.Abs(record.Length) <= originalLength - record.Offset
            && record.Length <= journal.Length - record.DataAt
            && Checksum(journal, header, record) == BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(ChecksumAt));
    }

    private static ulong Checksum(IStorage journal, ReadOnlySpan<byte> header, Record record)
    {
        ulong checksum = Continue(ChecksumStart, header.Slice(0, ChecksumAt));
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, Math.Min(record.Length, BufferBytes)));
        try
        {
            for (long done = 0; done < record.Length;)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(record.Length - done, buffer.Length));
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

    private static void WriteName(Span<byte> field, string path)
    {
        field.Clear();
        byte[] name = Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(path));
        int length = Math.Min(name.Length, field.Length - sizeof(ushort));
        BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)length);
        name.AsSpan(0, length).CopyTo(field.Slice(sizeof(ushort)));
    }

    private static ulong WriteRange(Span<byte> header, long offset, long length)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header, offset);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), length);
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

    private void WriteHeader(Span<byte> header, ulong checksum, long dataLength)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header.Slice(ChecksumAt), checksum);
        _storage.Write(_end, header);
        _end += RecordHeaderSize + dataLength;
    }

    /// <summary>A record's place in the changed file and of its bytes in the journal.</summary>
    private readonly record struct Record(long Offset, long Length, long DataAt);
}
