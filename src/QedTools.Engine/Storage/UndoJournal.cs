using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>
/// What it takes to bring a file back to what it was: its old length and its old contents where it was changed, one after
/// the other in the order of the changes. A record that is cut short was never followed by its change.
/// </summary>
/// <remarks>
/// The file: "QEDUNDO1", the old length (8 bytes); then for each record its offset (8 bytes), its length (8 bytes, negative
/// for a stretch of zeroes, for which nothing follows) and the bytes. Numbers are little-endian.
/// </remarks>
internal sealed class UndoJournal : IDisposable
{
    private const int HeaderSize = 16;
    private const int RecordHeaderSize = 16;

    private static readonly byte[] Magic = [(byte)'Q', (byte)'E', (byte)'D', (byte)'U', (byte)'N', (byte)'D', (byte)'O', (byte)'1'];

    private readonly IStorage _storage;
    private long _end = HeaderSize;

    private UndoJournal(IStorage storage) => _storage = storage;

    /// <summary>The journal's file.</summary>
    public string Path => _storage.Path;

    /// <summary>Begins a journal in an empty file, which it owns from then on.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="originalLength">The length of the file that is going to be changed, in bytes.</param>
    /// <exception cref="QedException">It could not be written.</exception>
    public static UndoJournal Begin(IStorage storage, long originalLength)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), originalLength);
        storage.Write(0, header);
        storage.Flush();
        FolderFlush.Flush(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(storage.Path)));
        return new UndoJournal(storage);
    }

    /// <summary>Saves a stretch of a file.</summary>
    /// <exception cref="QedException">It could not be read, or the journal not be written.</exception>
    public void Append(IStorage source, long offset, long length)
    {
        AppendHeader(offset, length);
        StorageCopy.Run(source, offset, _storage, _end, length);
        _end += length;
    }

    /// <summary>Notes that a stretch of a file is zeroes.</summary>
    /// <exception cref="QedException">The journal could not be written.</exception>
    public void AppendHole(long offset, long length) => AppendHeader(offset, -length);

    /// <summary>Returns when all that was saved is on the disk.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Flush() => _storage.Flush();

    /// <summary>Brings a file back to what it was. Can be repeated if it was interrupted.</summary>
    /// <param name="journal">The journal's file.</param>
    /// <param name="target">The file that was changed, open for writing.</param>
    /// <exception cref="QedLimitException">The journal's file is no journal.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public static void Restore(IStorage journal, IStorage target)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (journal.Read(0, header) < HeaderSize || !header.Slice(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new QedLimitException(journal.Path, "RestoreFrom", "(another kind of file)", "a backup that Repair-QedImage made");
        }

        long originalLength = BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8));
        if (originalLength < 0)
        {
            throw new QedLimitException(journal.Path, "RestoreFrom", "(a damaged file)", "a backup that Repair-QedImage made");
        }

        target.SetLength(originalLength);

        // The newest change is taken back first. Records lie one behind the other, so their places are collected forwards.
        List<long> records = [];
        for (long at = HeaderSize; ReadRecord(journal, at, originalLength, out _, out long length);)
        {
            records.Add(at);
            at += RecordHeaderSize + Math.Max(0, length);
        }

        for (int i = records.Count - 1; i >= 0; i--)
        {
            ReadRecord(journal, records[i], originalLength, out long offset, out long length);
            if (length < 0)
            {
                ZeroFill.Write(target, offset, -length);
            }
            else
            {
                StorageCopy.Run(journal, records[i] + RecordHeaderSize, target, offset, length);
            }
        }

        target.SetLength(originalLength);
        target.Flush();
    }

    public void Dispose() => _storage.Dispose();

    private static bool ReadRecord(IStorage journal, long at, long originalLength, out long offset, out long length)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        bool isWhole = journal.Read(at, header) == RecordHeaderSize;
        offset = BinaryPrimitives.ReadInt64LittleEndian(header);
        length = BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8));
        return isWhole
            && length != long.MinValue
            && offset >= 0
            && Math.Abs(length) <= originalLength - offset
            && length <= journal.Length - at - RecordHeaderSize;
    }

    private void AppendHeader(long offset, long length)
    {
        Span<byte> header = stackalloc byte[RecordHeaderSize];
        BinaryPrimitives.WriteInt64LittleEndian(header, offset);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), length);
        _storage.Write(_end, header);
        _end += RecordHeaderSize;
    }
}
