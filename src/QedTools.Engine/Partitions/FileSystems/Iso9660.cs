using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Partitions.FileSystems;

/// <summary>ISO 9660 (ECMA-119, 8.4): the primary volume descriptor, and for the label that of Joliet.</summary>
internal static class Iso9660
{
    private const int FirstDescriptorAt = 32 << 10;
    private const int DescriptorSize = 2048;
    private const int MaxDescriptors = 16;
    private const byte Primary = 1;
    private const byte Supplementary = 2;
    private const int CreatedAt = 813;
    private const int ModifiedAt = 830;
    private const int DateDigits = 16;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!TryGetDescriptor(reader, 0, out ReadOnlySpan<byte> primary) || primary[0] != Primary)
        {
            return null;
        }

        ulong blocks = BinaryPrimitives.ReadUInt32LittleEndian(primary.Slice(80));
        ulong blockSize = BinaryPrimitives.ReadUInt16LittleEndian(primary.Slice(128));
        return new FileSystemFacts(
            "ISO 9660",
            JolietLabel(reader) ?? StoredText.CodePage(primary.Slice(40, 32)),
            DateOf(primary.Slice(ModifiedAt, DateDigits)) ?? DateOf(primary.Slice(CreatedAt, DateDigits)),
            FileSystemFacts.Used(blocks, 0, blockSize));
    }

    private static bool TryGetDescriptor(PartitionReader reader, int index, out ReadOnlySpan<byte> descriptor) =>
        reader.TryGet((ulong)(FirstDescriptorAt + (index * DescriptorSize)), DescriptorSize, out descriptor) && descriptor.Slice(1).StartsWith("CD001"u8);

    private static string? JolietLabel(PartitionReader reader)
    {
        for (int i = 1; i < MaxDescriptors && TryGetDescriptor(reader, i, out ReadOnlySpan<byte> one) && one[0] != byte.MaxValue; i++)
        {
            // Its escape sequences say that it is in UCS-2.
            if (one[0] == Supplementary && one[88] == '%' && one[89] == '/' && one[90] is (byte)'@' or (byte)'C' or (byte)'E')
            {
                return StoredText.Utf16BigEndian(one.Slice(40, 32));
            }
        }

        return null;
    }

    // Digits of year, month, day, hour, minute, second and hundredths, which identify the volume. All zero: not given.
    private static string? DateOf(ReadOnlySpan<byte> digits)
    {
        StringBuilder text = new();
        bool isGiven = false;
        for (int i = 0; i < digits.Length; i++)
        {
            if (digits[i] is < (byte)'0' or > (byte)'9')
            {
                return null;
            }

            isGiven |= digits[i] != '0';
            text.Append(i >= 4 && i % 2 == 0 ? "-" : string.Empty).Append((char)digits[i]);
        }

        return isGiven ? text.ToString() : null;
    }
}
