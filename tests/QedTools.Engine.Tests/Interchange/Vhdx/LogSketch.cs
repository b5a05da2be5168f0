using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>Log entries laid out by hand, in the ring of a <see cref="VhdxSketch"/>.</summary>
/// <param name="sketch">The file.</param>
/// <param name="length">The ring's length, in bytes.</param>
internal sealed class LogSketch(VhdxSketch sketch, int length = 1 << 20)
{
    private const int Sector = 4096;

    /// <summary>The position of the next entry in the ring, in bytes.</summary>
    public long Position { get; set; }

    /// <summary>The log that the entries belong to.</summary>
    public Guid Guid { get; init; } = new("77777777-7777-7777-7777-777777777777");

    /// <summary>The file lengths before and after that the entries record, in bytes.</summary>
    public (long Flushed, long Last) FileLengths { get; set; }

    /// <summary>A change that an entry makes: 4096 bytes of data, or a number of zeroes.</summary>
    public readonly record struct Change(long FileOffset, byte[]? Data, long Zeroes);

    public static Change Data(long fileOffset, byte[] data) => new(fileOffset, data, 0);

    public static Change Zeroes(long fileOffset, long count) => new(fileOffset, null, count);

    /// <summary>Announces the log in the headers.</summary>
    public void Announce()
    {
        sketch.LogGuid = Guid;
        sketch.WriteHeader(VhdxSketch.FirstHeader, 3);
        sketch.WriteHeader(VhdxSketch.SecondHeader, 4);
    }

    /// <summary>Writes an entry.</summary>
    /// <returns>Its position in the ring.</returns>
    public long Add(ulong sequenceNumber, long tail, params ReadOnlySpan<Change> changes)
    {
        byte[] entry = BytesOf(sequenceNumber, tail, changes);
        long position = Position;
        Write(position, entry);
        Position = (position + entry.Length) % length;
        return position;
    }

    /// <summary>The bytes of an entry.</summary>
    public byte[] BytesOf(ulong sequenceNumber, long tail, params ReadOnlySpan<Change> changes)
    {
        int descriptorSectors = (64 + (32 * changes.Length) + Sector - 1) / Sector;
        List<byte> sectors = [];
        byte[] head = new byte[descriptorSectors * Sector];
        "loge"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(12), (uint)tail);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(16), sequenceNumber);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(24), changes.Length);
        Guid.ToByteArray().CopyTo(head, 32);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(48), FileLengths.Flushed);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(56), FileLengths.Last);
        for (int i = 0; i < changes.Length; i++)
        {
            Span<byte> descriptor = head.AsSpan(64 + (32 * i), 32);
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[16..], changes[i].FileOffset);
            BinaryPrimitives.WriteUInt64LittleEndian(descriptor[24..], sequenceNumber);
            if (changes[i].Data is not { } data)
            {
                "zero"u8.CopyTo(descriptor);
                BinaryPrimitives.WriteInt64LittleEndian(descriptor[8..], changes[i].Zeroes);
                continue;
            }

            "desc"u8.CopyTo(descriptor);
            data.AsSpan(4092, 4).CopyTo(descriptor[4..]);
            data.AsSpan(0, 8).CopyTo(descriptor[8..]);
            byte[] sector = [.. data];
            "data"u8.CopyTo(sector);
            BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(4), (uint)(sequenceNumber >> 32));
            BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(4092), (uint)sequenceNumber);
            sectors.AddRange(sector);
        }

        byte[] entry = [.. head, .. sectors];
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(8), entry.Length);
        VhdxSketch.Seal(entry);
        return entry;
    }

    /// <summary>Writes bytes into the ring.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        for (int done = 0; done < bytes.Length; done += Sector)
        {
            sketch.Storage.Write(
                VhdxSketch.LogOffset + ((position + done) % length), bytes.Slice(done, Math.Min(Sector, bytes.Length - done)));
        }
    }
}
