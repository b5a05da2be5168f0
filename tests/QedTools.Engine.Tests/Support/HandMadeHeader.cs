using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Tests.Support;

/// <summary>Writes headers from the QED specification alone, for images whose layout a test has to know.</summary>
internal static class HandMadeHeader
{
    /// <summary>Where a backing file's name begins, in bytes.</summary>
    public const int NameOffset = 64;

    private const ulong HasBackingFile = 1;

    /// <summary>Writes a header, whose L1 table follows it directly.</summary>
    /// <param name="file">Receives it: 64 bytes and the name.</param>
    /// <param name="clusterSize">The cluster size, in bytes.</param>
    /// <param name="tableSize">The size of each table, in clusters.</param>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="headerSize">The size of the header, in clusters.</param>
    /// <param name="features">The incompatible features, without that of a backing file.</param>
    /// <param name="backingName">The backing file's name; null for none.</param>
    public static void WriteTo(
        Span<byte> file, int clusterSize, int tableSize, long virtualSize, int headerSize = 1, ulong features = 0, string? backingName = null)
    {
        "QED\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.Slice(4), clusterSize);
        BinaryPrimitives.WriteInt32LittleEndian(file.Slice(8), tableSize);
        BinaryPrimitives.WriteInt32LittleEndian(file.Slice(12), headerSize);
        BinaryPrimitives.WriteUInt64LittleEndian(file.Slice(16), backingName is null ? features : features | HasBackingFile);
        BinaryPrimitives.WriteInt64LittleEndian(file.Slice(40), (long)headerSize * clusterSize);
        BinaryPrimitives.WriteInt64LittleEndian(file.Slice(48), virtualSize);
        if (backingName is not null)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.Slice(56), NameOffset);
            BinaryPrimitives.WriteInt32LittleEndian(file.Slice(60), Encoding.UTF8.GetBytes(backingName, file.Slice(NameOffset)));
        }
    }
}
