using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace QedTools.Storage;

/// <summary>What a record of a backup stores for a range of the changed file.</summary>
internal enum UndoRecordKind : long
{
    /// <summary>Its bytes.</summary>
    Saved = 0,

    /// <summary>That it was zeroes.</summary>
    Zeroes = 1,

    /// <summary>Nothing: the old contents are not needed.</summary>
    Unsaved = 2,
}

/// <summary>A record of a backup: a range of the changed file, and where in the backup its old bytes are.</summary>
/// <remarks>
/// In the file: kind, offset and length (8 bytes each); a SHA-256 over the digest of the record before it, these three fields and
/// the old bytes; and, for <see cref="UndoRecordKind.Saved"/>, the old bytes. So the digest of a record seals all records before it.
/// </remarks>
/// <param name="Kind">What is stored.</param>
/// <param name="Offset">Where the range begins in the changed file, in bytes.</param>
/// <param name="Length">How long it is, in bytes; at least 1.</param>
/// <param name="DataAt">Where its old bytes begin in the backup, in bytes.</param>
internal readonly record struct UndoRecord(UndoRecordKind Kind, long Offset, long Length, long DataAt)
{
    /// <summary>The size of a record without old bytes.</summary>
    public const int HeaderSize = DigestAt + Sha256Sum.Size;

    /// <summary>Where the digest is.</summary>
    public const int DigestAt = 24;

    /// <summary>How many old bytes are in the backup.</summary>
    public long DataLength => Kind == UndoRecordKind.Saved ? Length : 0;

    /// <summary>Writes all but the digest.</summary>
    public void WriteTo(Span<byte> header)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header, (long)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(8), Offset);
        BinaryPrimitives.WriteInt64LittleEndian(header.Slice(16), Length);
    }

    /// <summary>All records of a backup, oldest first.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="header">Its header.</param>
    /// <exception cref="QedBackupDamagedException">They do not match what was written.</exception>
    /// <exception cref="QedException">They could not be read.</exception>
    public static List<UndoRecord> ReadAll(IStorage backup, UndoHeader header)
    {
        List<UndoRecord> records = [];
        using Sha256Sum sum = new();
        byte[] buffer = new byte[StorageCopy.BufferBytes];
        byte[] digest = new byte[Sha256Sum.Size];
        byte[] start = new byte[HeaderSize];
        long at = UndoHeader.Size;
        bool isWhole = true;
        while (isWhole && at < header.RecordsEnd)
        {
            isWhole = backup.Read(at, start) == HeaderSize;
            UndoRecord record = Parse(start, at + HeaderSize);
            isWhole = isWhole && record.IsPossible(header);
            sum.Add(digest, digest.Length);
            sum.Add(start, DigestAt);
            for (long done = 0; isWhole && done < record.DataLength;)
            {
                int count = (int)Math.Min(record.DataLength - done, buffer.Length);
                isWhole = backup.Read(record.DataAt + done, buffer.AsSpan(0, count)) == count;
                sum.Add(buffer, count);
                done += count;
            }

            digest = sum.Finish();
            isWhole = isWhole && digest.AsSpan().SequenceEqual(start.AsSpan(DigestAt));
            records.Add(record);
            at = isWhole ? record.DataAt + record.DataLength : at;
        }

        // A complete backup ends with its last record; in one that was interrupted, records may follow whose change was not made.
        isWhole = isWhole
            && at == header.RecordsEnd
            && digest.AsSpan().SequenceEqual(header.RecordsDigest)
            && (header.State != UndoState.Complete || backup.Length == at);
        return isWhole ? records : throw new QedBackupDamagedException(backup.Path);
    }

    private static UndoRecord Parse(ReadOnlySpan<byte> header, long dataAt) => new(
        (UndoRecordKind)BinaryPrimitives.ReadInt64LittleEndian(header),
        BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8)),
        BinaryPrimitives.ReadInt64LittleEndian(header.Slice(16)),
        dataAt);

    private bool IsPossible(UndoHeader header) =>
        Kind is UndoRecordKind.Saved or UndoRecordKind.Zeroes or UndoRecordKind.Unsaved
        && Length > 0
        && Offset >= 0
        && Length <= header.OriginalLength - Offset
        && DataAt <= header.RecordsEnd
        && DataLength <= header.RecordsEnd - DataAt;
}
