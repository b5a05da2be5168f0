using System;
using System.Buffers.Binary;
using System.Text;
using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>One of the eight places in a dynamic disk header that say where the parent is (VHD 1.0, "Parent Locator Entry"; big-endian).</summary>
/// <param name="PlatformCode">What kind of name it is.</param>
/// <param name="DataLength">The name's length, in bytes.</param>
/// <param name="DataOffset">Where the name is in the file, in bytes.</param>
internal readonly record struct VhdParentLocator(uint PlatformCode, uint DataLength, ulong DataOffset)
{
    /// <summary>How many a header has.</summary>
    public const int Count = 8;

    /// <summary>"W2ru": a relative path in UTF-16.</summary>
    public const uint RelativeWindowsPath = 0x57327275;

    /// <summary>"W2ku": an absolute path in UTF-16.</summary>
    public const uint AbsoluteWindowsPath = 0x57326B75;

    // Longer than any Windows path.
    private const int MaxBytes = 64 << 10;
    private const int FirstAt = 576;
    private const int EntrySize = 24;

    /// <summary>How much space the name has in the file, in bytes: whole sectors.</summary>
    private uint DataSpace => (uint)Sector.RoundUp(DataLength);

    /// <summary>Reads an entry.</summary>
    /// <param name="header">The dynamic disk header's 1024 bytes.</param>
    /// <param name="number">0 to 7.</param>
    public static VhdParentLocator Parse(ReadOnlySpan<byte> header, int number)
    {
        ReadOnlySpan<byte> entry = header.Slice(FirstAt + (number * EntrySize), EntrySize);
        return new VhdParentLocator(
            BinaryPrimitives.ReadUInt32BigEndian(entry),
            BinaryPrimitives.ReadUInt32BigEndian(entry.Slice(8)),
            BinaryPrimitives.ReadUInt64BigEndian(entry.Slice(16)));
    }

    /// <summary>Writes the entry.</summary>
    /// <param name="header">The dynamic disk header's 1024 bytes.</param>
    /// <param name="number">0 to 7.</param>
    /// <remarks>The specification counts Platform Data Space in sectors, but Windows writes bytes. A program that expects bytes would find a number of sectors too small.</remarks>
    public void WriteTo(Span<byte> header, int number)
    {
        Span<byte> entry = header.Slice(FirstAt + (number * EntrySize), EntrySize);
        BinaryPrimitives.WriteUInt32BigEndian(entry, PlatformCode);
        BinaryPrimitives.WriteUInt32BigEndian(entry.Slice(4), DataSpace);
        BinaryPrimitives.WriteUInt32BigEndian(entry.Slice(8), DataLength);
        BinaryPrimitives.WriteUInt64BigEndian(entry.Slice(16), DataOffset);
    }

    /// <summary>The name; null if it is of a kind that is not read, or is not inside the file.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public string? ReadName(Storage.IStorage storage)
    {
        if (PlatformCode is not (RelativeWindowsPath or AbsoluteWindowsPath) || DataLength is 0 or > MaxBytes || DataOffset > long.MaxValue - MaxBytes)
        {
            return null;
        }

        byte[] name = new byte[DataLength];
        return storage.Read((long)DataOffset, name) == name.Length ? Encoding.Unicode.GetString(name).TrimEnd('\0') : null;
    }
}
