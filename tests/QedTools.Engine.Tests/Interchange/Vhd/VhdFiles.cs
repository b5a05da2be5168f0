using System;
using System.Buffers.Binary;
using System.Text;
using QedTools.Interchange.Vhd;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.Interchange.Vhd;

/// <summary>VHD files built byte by byte from the specification, independent of the code under test.</summary>
internal static class VhdFiles
{
    public const int BlockSize = 4096 * 8;
    public const int TableAt = 1536;
    public const int LocatorAt = 2048;
    public const int FirstBlockAt = 4096;

    public static readonly Guid ParentId = new("00112233-4455-6677-8899-aabbccddeeff");

    /// <summary>
    /// A differencing file of two blocks: it stores sectors 0 and 9 to 11 of the first, each filled with its number + 1; the second is
    /// not allocated.
    /// </summary>
    public static MemoryStorage Differencing(string path, string parentName)
    {
        MemoryStorage storage = new(path);
        byte[] footer = Footer(2 * BlockSize, type: 4);
        storage.Write(0, footer);
        byte[] header = Header(entries: 2);
        ParentId.ToByteArray().CopyTo(header, 40);
        Encoding.BigEndianUnicode.GetBytes("parent.vhd").CopyTo(header, 64);
        byte[] name = Encoding.Unicode.GetBytes(parentName);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(576), 0x57327275);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(580), 512);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(584), name.Length);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(592), LocatorAt);
        Seal(header, 36);
        storage.Write(512, header);
        storage.Write(LocatorAt, name);
        storage.Write(TableAt, [0, 0, 0, FirstBlockAt / 512, 0xff, 0xff, 0xff, 0xff]);
        byte[] bitmap = new byte[512];
        bitmap[0] = 0b1000_0000;
        bitmap[1] = 0b0111_0000;
        storage.Write(FirstBlockAt, bitmap);
        byte[] data = new byte[BlockSize];
        for (int sector = 0; sector < BlockSize / 512; sector++)
        {
            data.AsSpan(sector * 512, 512).Fill((byte)(sector + 1));
        }

        storage.Write(FirstBlockAt + 512, data);
        storage.Write(FirstBlockAt + 512 + BlockSize, footer);
        return storage;
    }

    public static byte[] Footer(long size, int type)
    {
        byte[] footer = new byte[512];
        "conectix"u8.CopyTo(footer);
        footer[11] = 2;
        footer[13] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(footer.AsSpan(16), type == 2 ? ulong.MaxValue : 512);
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(40), size);
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(48), size);
        footer[63] = (byte)type;
        Guid.NewGuid().ToByteArray().CopyTo(footer, 68);
        Seal(footer, 64);
        return footer;
    }

    public static byte[] Header(int entries)
    {
        byte[] header = new byte[1024];
        "cxsparse"u8.CopyTo(header);
        header.AsSpan(8, 8).Fill(0xff);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(16), TableAt);
        header[25] = 1;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(28), entries);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(32), BlockSize);
        Seal(header, 36);
        return header;
    }

    /// <summary>Stores the checksum of a structure's bytes in it.</summary>
    public static void Seal(byte[] bytes, int checksumAt)
    {
        bytes.AsSpan(checksumAt, 4).Clear();
        uint sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(checksumAt), ~sum);
    }

    /// <summary>Opens a file in memory as a layer.</summary>
    public static QedTools.Disks.IDiskLayer Open(IStorage storage) => new VhdFormat().Open(storage);
}
