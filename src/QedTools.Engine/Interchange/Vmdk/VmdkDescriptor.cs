using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace QedTools.Interchange.Vmdk;

/// <summary>The text that describes a VMDK disk ("Virtual Disk Format 5.0", "The Descriptor File").</summary>
/// <param name="ContentId">Changes with the contents (CID); null if it is not given.</param>
/// <param name="ParentContentId">The parent's CID when this was made over it; null without a parent.</param>
/// <param name="CreateType">What kind of disk it is, such as monolithicSparse; empty if it is not given.</param>
/// <param name="ParentName">The parent's file name; null without a parent.</param>
/// <param name="Extents">The lines that tell where the data is.</param>
internal sealed record VmdkDescriptor(
    uint? ContentId, uint? ParentContentId, string CreateType, string? ParentName, IReadOnlyList<VmdkExtentLine> Extents)
{
    /// <summary>How much text is read, in bytes; QEMU takes no more either.</summary>
    public const int MostBytes = 64 << 10;

    /// <summary>The kind that is written.</summary>
    public const string Sparse = "monolithicSparse";

    private const uint NoParent = uint.MaxValue;

    /// <summary>The line a descriptor begins with.</summary>
    public static ReadOnlySpan<byte> FirstLine => "# Disk DescriptorFile"u8;

    /// <summary>Reads a descriptor; lines it does not know are left out.</summary>
    /// <param name="bytes">The text, perhaps with zeroes behind it.</param>
    public static VmdkDescriptor Parse(byte[] bytes)
    {
        int end = Array.IndexOf(bytes, (byte)0);
        string text = Encoding.UTF8.GetString(bytes, 0, end < 0 ? bytes.Length : end);
        Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);
        List<VmdkExtentLine> extents = [];
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.Trim();
            if (VmdkExtentLine.TryParse(trimmed) is { } extent)
            {
                extents.Add(extent);
            }
            else if (trimmed.IndexOf('=') is > 0 and int equals && trimmed[0] != '#')
            {
                values[trimmed.Substring(0, equals).Trim()] = trimmed.Substring(equals + 1).Trim().Trim('"');
            }
        }

        uint? parent = Number("parentCID") is { } id and not NoParent ? id : null;
        return new VmdkDescriptor(
            Number("CID"),
            parent,
            values.TryGetValue("createType", out string? type) ? type : string.Empty,
            parent is not null && values.TryGetValue("parentFileNameHint", out string? name) && name.Length > 0 ? name : null,
            extents);

        uint? Number(string key) => values.TryGetValue(key, out string? value)
            && uint.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint number) ? number : null;
    }

    /// <summary>The descriptor of a new sparse disk in one file.</summary>
    /// <param name="fileName">The file's name, without a folder.</param>
    /// <param name="sectors">The disk's size, in sectors.</param>
    /// <param name="contentId">Its CID.</param>
    public static byte[] Of(string fileName, long sectors, uint contentId)
    {
        const int Heads = 16;
        const int SectorsPerTrack = 63;
        long cylinders = Math.Min(16383, Math.Max(1, sectors / (Heads * SectorsPerTrack)));
        return Encoding.UTF8.GetBytes(string.Format(
            CultureInfo.InvariantCulture,
            "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID={0:x8}\nparentCID=ffffffff\ncreateType=\"{1}\"\n\n" +
            "# Extent description\nRW {2} SPARSE \"{3}\"\n\n" +
            "# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"{4}\"\n" +
            "ddb.geometry.heads = \"{5}\"\nddb.geometry.sectors = \"{6}\"\nddb.adapterType = \"ide\"\n",
            contentId,
            Sparse,
            sectors,
            fileName,
            cylinders,
            Heads,
            SectorsPerTrack));
    }

    /// <summary>A CID in the form in which chains compare identities.</summary>
    public static Guid? ToIdentity(uint? contentId) => contentId is { } id ? new Guid(id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) : null;
}
