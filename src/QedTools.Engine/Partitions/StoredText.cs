using System;
using System.Text;

namespace QedTools.Partitions;

/// <summary>Names and labels as tables and superblocks store them: fields of fixed length, padded with zeroes or blanks.</summary>
internal static class StoredText
{
    /// <summary>Text in UTF-8 up to the first zero; null if it is empty.</summary>
    public static string? Utf8(ReadOnlySpan<byte> field) => Decode(Encoding.UTF8, ToZero(field));

    /// <summary>Text in a code page that is not recorded, so that only its ASCII characters are known; blanks at the end do not count. Null if it is empty.</summary>
    public static string? CodePage(ReadOnlySpan<byte> field)
    {
        char[] text = new char[ToZero(field).Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = field[i] < 0x80 ? (char)field[i] : '\uFFFD';
        }

        string trimmed = new string(text).TrimEnd(' ');
        return trimmed.Length == 0 ? null : trimmed;
    }

    /// <summary>Text in UTF-16, little-endian, up to the first zero; null if it is empty.</summary>
    public static string? Utf16(ReadOnlySpan<byte> field)
    {
        int length = 0;
        while (length + 1 < field.Length && (field[length] | field[length + 1]) != 0)
        {
            length += 2;
        }

        return Decode(Encoding.Unicode, field.Slice(0, length));
    }

    /// <summary>Text in UTF-16, big-endian, up to the first zero; blanks at the end do not count. Null if it is empty.</summary>
    public static string? Utf16BigEndian(ReadOnlySpan<byte> field)
    {
        int length = 0;
        while (length + 1 < field.Length && (field[length] | field[length + 1]) != 0)
        {
            length += 2;
        }

        string? text = Decode(Encoding.BigEndianUnicode, field.Slice(0, length))?.TrimEnd(' ');
        return text is { Length: > 0 } ? text : null;
    }

    /// <summary>Sixteen bytes as a UUID in the order in which Linux stores it; null if all are zero.</summary>
    public static string? Uuid(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(36);
        bool isZero = true;
        for (int i = 0; i < 16; i++)
        {
            text.Append(i is 4 or 6 or 8 or 10 ? "-" : string.Empty).Append(HexOf(bytes[i] >> 4)).Append(HexOf(bytes[i] & 15));
            isZero &= bytes[i] == 0;
        }

        return isZero ? null : text.ToString();
    }

    private static char HexOf(int digit) => "0123456789abcdef"[digit];

    private static ReadOnlySpan<byte> ToZero(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is >= 0 and var end ? field.Slice(0, end) : field;

    private static string? Decode(Encoding encoding, ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? null : encoding.GetString(bytes.ToArray());
}
