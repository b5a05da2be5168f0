using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;

namespace QedTools.Storage;

/// <summary>
/// The first 2,048 bytes of a backup: what it belongs to and its state, sealed with a digest of all of it. The first three
/// sectors never change; the last one does, and is written as a whole.
/// </summary>
/// <remarks>docs/format.md, "The backup of a repair", has the offsets. Numbers are little-endian.</remarks>
internal sealed class UndoHeader
{
    /// <summary>Its size, in bytes: the records follow it.</summary>
    public const int Size = StatusAt + SectorSize;

    /// <summary>The size of a digest, in bytes.</summary>
    public const int DigestSize = Sha256Sum.Size;

    private const int SectorSize = 512;
    private const int OriginalLengthAt = 8;
    private const int NameAt = 16;
    private const int IdentityAt = NameAt + 1024;
    private const int IdentityEnd = IdentityAt + 256;
    private const int StatusAt = 3 * SectorSize;
    private const int RecordsEndAt = StatusAt + 8;
    private const int RecordsDigestAt = RecordsEndAt + 8;
    private const int ChangedLengthAt = RecordsDigestAt + DigestSize;
    private const int ChangedDigestAt = ChangedLengthAt + 8;
    private const int UnfinishedDigestAt = ChangedDigestAt + DigestSize;
    private const int SealAt = Size - DigestSize;

    private readonly byte[] _bytes;

    private UndoHeader(byte[] bytes) => _bytes = bytes;

    private static ReadOnlySpan<byte> Magic => "QEDUNDO3"u8;

    private static ReadOnlySpan<byte> OldMagic => "QEDUNDO2"u8;

    /// <summary>The changed file's length before the changes, in bytes.</summary>
    public long OriginalLength => Number(OriginalLengthAt);

    /// <summary>The state of the changes.</summary>
    public UndoState State
    {
        get => (UndoState)Number(StatusAt);
        set => SetNumber(StatusAt, (long)value);
    }

    /// <summary>The end of the last record that was on the disk before its change was made, in bytes. Anything after it is ignored.</summary>
    public long RecordsEnd
    {
        get => Number(RecordsEndAt);
        set => SetNumber(RecordsEndAt, value);
    }

    /// <summary>The digest of the last record before <see cref="RecordsEnd"/>, which covers all records before it.</summary>
    public ReadOnlySpan<byte> RecordsDigest
    {
        get => Digest(RecordsDigestAt);
        set => value.CopyTo(_bytes.AsSpan(RecordsDigestAt));
    }

    /// <summary>The changed file's length after the changes, in bytes.</summary>
    public long ChangedLength
    {
        get => Number(ChangedLengthAt);
        set => SetNumber(ChangedLengthAt, value);
    }

    /// <summary>The digest of everything that the changes left in the file.</summary>
    public ReadOnlySpan<byte> ChangedDigest
    {
        get => Digest(ChangedDigestAt);
        set => value.CopyTo(_bytes.AsSpan(ChangedDigestAt));
    }

    /// <summary>The same before the last change, which affects the file's first bytes.</summary>
    public ReadOnlySpan<byte> UnfinishedDigest
    {
        get => Digest(UnfinishedDigestAt);
        set => value.CopyTo(_bytes.AsSpan(UnfinishedDigestAt));
    }

    /// <summary>The header of a new backup, without records.</summary>
    /// <param name="changed">The file that is about to be changed.</param>
    public static UndoHeader For(IStorage changed)
    {
        UndoHeader header = new(new byte[Size]);
        Magic.CopyTo(header._bytes);
        header.SetNumber(OriginalLengthAt, changed.Length);
        WriteText(header._bytes.AsSpan(NameAt, IdentityAt - NameAt), Path.GetFileName(changed.Path));
        WriteText(header._bytes.AsSpan(IdentityAt, IdentityEnd - IdentityAt), changed.Identity);
        header.State = UndoState.Changing;
        header.RecordsEnd = Size;
        return header;
    }

    /// <summary>Reads the header of a backup.</summary>
    /// <exception cref="QedBackupMismatchException">It is not a backup, or one of an older version.</exception>
    /// <exception cref="QedBackupDamagedException">It does not match what was written.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static UndoHeader Read(IStorage backup)
    {
        byte[] bytes = new byte[Size];
        int count = backup.Read(0, bytes);
        Span<byte> start = bytes.AsSpan(0, Magic.Length);
        if (start.SequenceEqual(OldMagic))
        {
            throw Misfit(
                backup,
                "a backup that this version made",
                $"'{backup.Path}' is a backup in the format of an earlier version (QEDUNDO2), which does not detect damage. Restore it with the version that made it.");
        }

        if (!start.SequenceEqual(Magic))
        {
            throw Misfit(
                backup,
                "a backup of a repair",
                $"'{backup.Path}' is not a backup that a repair made. Name the file that the repair reported as BackupPath.");
        }

        UndoHeader header = new(bytes);
        return count == Size && header.IsWhole ? header : throw new QedBackupDamagedException(backup.Path);
    }

    /// <summary>The error for a backup that cannot be used.</summary>
    public static QedBackupMismatchException Misfit(IStorage backup, string allowed, string message) =>
        new(backup.Path, allowed, message);

    /// <summary>The changed file's name, without a folder; a very long one is truncated.</summary>
    public string Name => Encoding.UTF8.GetString(
        _bytes, NameAt + sizeof(ushort), Math.Min(IdentityAt - NameAt - sizeof(ushort), (int)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(NameAt))));

    /// <summary>Whether the changed file has this name, without a folder.</summary>
    public bool IsNamed(string name) => HasText(NameAt, IdentityAt, name);

    /// <summary>Whether the changed file is this one, whatever its name.</summary>
    public bool HasIdentity(string identity) => HasText(IdentityAt, IdentityEnd, identity);

    /// <summary>Writes all of it.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void WriteTo(IStorage backup)
    {
        Seal();
        backup.Write(0, _bytes);
    }

    /// <summary>Writes the part that changes. It is in one sector, so a power cut leaves either the old or the new version.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void WriteStatusTo(IStorage backup)
    {
        Seal();
        backup.Write(StatusAt, _bytes.AsSpan(StatusAt));
    }

    // The seal does not make the values trustworthy: any program can write a file with a valid one.
    private bool IsWhole => Sha256Sum.Of(_bytes, SealAt).AsSpan().SequenceEqual(_bytes.AsSpan(SealAt))
        && OriginalLength >= 0
        && RecordsEnd >= Size
        && ChangedLength >= 0
        && State is UndoState.Changing or UndoState.Complete or UndoState.RestoreInProgress or UndoState.Restored;

    private static void WriteText(Span<byte> field, string text)
    {
        field.Clear();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = Math.Min(bytes.Length, field.Length - sizeof(ushort));
        BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)length);
        bytes.AsSpan(0, length).CopyTo(field.Slice(sizeof(ushort)));
    }

    private void Seal() => Sha256Sum.Of(_bytes, SealAt).CopyTo(_bytes, SealAt);

    private bool HasText(int start, int end, string text)
    {
        Span<byte> field = stackalloc byte[IdentityAt - NameAt];
        field = field.Slice(0, end - start);
        WriteText(field, text);
        return field.SequenceEqual(_bytes.AsSpan(start, end - start));
    }

    private long Number(int at) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(at));

    private void SetNumber(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(at), value);

    private ReadOnlySpan<byte> Digest(int at) => _bytes.AsSpan(at, DigestSize);
}
