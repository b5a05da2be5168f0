using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The text that describes a VMDK disk ("Virtual Disk Format 5.0", "The Descriptor File").</summary>
/// <param name="ContentId">Changes with the contents (CID); null if it is not given.</param>
/// <param name="ParentContentId">The parent's CID when this disk was created on it; null without a parent.</param>
/// <param name="StatesParent">Whether it says at all whether there is a parent.</param>
/// <param name="CreateType">What kind of disk it is, such as monolithicSparse; empty if it is not given.</param>
/// <param name="ParentName">The parent's file name; null without a parent.</param>
/// <param name="Extents">The lines that say where the data is.</param>
internal sealed record VmdkDescriptor(
    uint? ContentId, uint? ParentContentId, bool StatesParent, string CreateType, string? ParentName, IReadOnlyList<VmdkExtentLine> Extents)
{
    /// <summary>The longest descriptor that is read, in bytes; that of a disk of 62 TiB in extents of 2 GiB takes 2 MiB.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>The kind that is written uncompressed, in one file that grows.</summary>
    public const string Sparse = "monolithicSparse";

    /// <summary>The kind that is written with the data in a file of its own, which has its full length from the start.</summary>
    public const string Flat = "monolithicFlat";

    /// <summary>The kind that is written compressed.</summary>
    public const string Stream = "streamOptimized";

    // As a CID of its own it would say the same, and the one before it means a disk of zeroes to some programs.
    private const uint NoParent = uint.MaxValue;

    private const int SectorsPerTrack = 63;
    private const int ProbedBytes = 4096;
    private const int MaxIdeCylinders = 16383;
    private const string ContentIdKey = "CID";
    private const string ParentContentIdKey = "parentCID";
    private const string ParentNameKey = "parentFileNameHint";
    private const string CreateTypeKey = "createType";
    private const string EncodingKey = "encoding";

    private static readonly string[] Keys = [ContentIdKey, ParentContentIdKey, ParentNameKey, CreateTypeKey, EncodingKey];

    private static ReadOnlySpan<byte> FirstLine => "# Disk DescriptorFile"u8;

    private static ReadOnlySpan<byte> Version => "version"u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Whether a file begins like a descriptor: with its usual comment, or with comments and empty lines and then its version.</summary>
    /// <exception cref="QedException">It could not be read.</exception>
    public static bool IsDescriptor(IStorage storage)
    {
        Span<byte> buffer = stackalloc byte[ProbedBytes];
        ReadOnlySpan<byte> text = buffer.Slice(0, storage.Read(0, buffer));
        if (text.StartsWith(ByteOrderMark))
        {
            text = text.Slice(ByteOrderMark.Length);
        }

        if (text.StartsWith(FirstLine))
        {
            return true;
        }

        while (text.Length > 0)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = Trim(end < 0 ? text : text.Slice(0, end));
            if (line.Length > 0 && line[0] != (byte)'#')
            {
                return end >= 0 && line.StartsWith(Version) && Trim(line.Slice(Version.Length)) is [(byte)'=', ..] value && Trim(value.Slice(1)) is [>= (byte)'1' and <= (byte)'9'];
            }

            text = end < 0 ? default : text.Slice(end + 1);
        }

        return false;
    }

    /// <summary>Reads a descriptor; unknown lines are ignored.</summary>
    /// <param name="path">The file it is in, for messages.</param>
    /// <param name="bytes">The text, perhaps followed by zeroes.</param>
    /// <exception cref="QedDamagedFileException">A value that matters cannot be read.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is in an encoding that is not known.</exception>
    public static VmdkDescriptor Parse(string path, byte[] bytes)
    {
        int end = Array.IndexOf(bytes, (byte)0);
        int length = end < 0 ? bytes.Length : end;
        string text = Decode(path, bytes, length);
        Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);
        List<VmdkExtentLine> extents = [];
        using StringReader reader = new(text);
        while (reader.ReadLine() is { } line)
        {
            string trimmed = line.Trim();
            if (VmdkExtentLine.IsOne(trimmed))
            {
                extents.Add(VmdkExtentLine.TryParse(trimmed)
                    ?? throw Damaged(path, "an extent description", $"'{PrintableText.Of(trimmed)}'", "access, size in sectors, type, and a name in quotation marks"));
            }
            else if (ValueIn(trimmed) is var (key, value))
            {
                if (values.TryGetValue(key, out string? other) && other != value)
                {
                    throw Damaged(path, key, $"'{PrintableText.Of(other)}' and '{PrintableText.Of(value)}'", "one value");
                }

                values[key] = value;
            }
        }

        uint? parent = Number(ParentContentIdKey);
        string? name = values.TryGetValue(ParentNameKey, out string? hint) && hint.Length > 0 ? hint : null;
        bool hasParent = parent is not (null or NoParent);
        if (hasParent != name is not null)
        {
            throw hasParent
                ? Damaged(path, ParentNameKey, "missing", "the name of the parent's file")
                : Damaged(path, ParentContentIdKey, parent is null ? "missing" : "ffffffff", $"the CID of the parent '{PrintableText.Of(name!)}'");
        }

        return new VmdkDescriptor(
            Number(ContentIdKey),
            hasParent ? parent : null,
            parent is not null,
            values.TryGetValue(CreateTypeKey, out string? type) ? type : string.Empty,
            name,
            extents);

        uint? Number(string key) => !values.TryGetValue(key, out string? value) ? null
            : uint.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint number) ? number
            : throw Damaged(path, key, $"'{PrintableText.Of(value)}'", "eight hexadecimal digits");
    }

    /// <summary>The disk's parent; null if there is none.</summary>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    public BackingReference? ParentOf(long virtualSize) => ParentName is { } name
        ? new BackingReference(name, IsRaw: false)
        {
            Format = QedDiskFormat.Vmdk,
            OtherNames = VmdkFileName.Places(name),
            ContentId = ToIdentity(ParentContentId),
            MinVirtualSize = virtualSize,
        }
        : null;

    /// <summary>What it says about the disk.</summary>
    /// <param name="isCompressed">Whether the disk's grains are compressed.</param>
    public QedFormatDetails ToDetails(bool isCompressed) => DetailsOf(CreateType, ContentId, isCompressed) with
    {
        ParentIdentifier = Text(ParentContentId),
        DataFiles = new ResultList<string>([.. Extents.Select(extent => extent.FileName).Where(name => name.Length > 0).Distinct()]),
    };

    /// <summary>What is known about a disk that is in one file and has no parent.</summary>
    /// <param name="createType">What kind of disk it is; empty if that is not known.</param>
    /// <param name="contentId">Its CID, or null.</param>
    /// <param name="isCompressed">Whether its grains are compressed.</param>
    public static QedFormatDetails DetailsOf(string createType, uint? contentId, bool isCompressed) => new()
    {
        Subformat = createType.Length > 0 ? createType : null,
        LogicalSectorSize = Sector.Size,
        Identifier = Text(contentId),
        Compression = isCompressed ? "deflate" : null,
    };

    /// <summary>Whether one of the extents is in a file of this name, whatever its folder.</summary>
    /// <param name="fileName">The name, without a folder.</param>
    public bool Names(string fileName) =>
        Extents.Any(extent => string.Equals(VmdkFileName.LastPartOf(extent.FileName), fileName, StringComparison.OrdinalIgnoreCase));

    /// <summary>The descriptor of a new disk.</summary>
    /// <param name="createType">Its kind: <see cref="Sparse"/>, <see cref="Flat"/> or <see cref="Stream"/>.</param>
    /// <param name="fileName">The name of the file that holds the data, without a folder.</param>
    /// <param name="sectors">The disk's size, in sectors.</param>
    /// <param name="contentId">Its CID.</param>
    /// <param name="adapter">The disk controller, which the geometry depends on.</param>
    public static byte[] Of(string createType, string fileName, long sectors, uint contentId, QedAdapterType adapter)
    {
        bool isIde = adapter == QedAdapterType.Ide;
        int heads = isIde ? 16 : 255;
        long cylinders = Math.Max(1, sectors / (heads * SectorsPerTrack));
        return Encoding.UTF8.GetBytes(string.Format(
            CultureInfo.InvariantCulture,
            "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID={0:x8}\nparentCID=ffffffff\ncreateType=\"{1}\"\n\n" +
            "# Extent description\nRW {2} {3}\n\n" +
            "# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"{4}\"\n" +
            "ddb.geometry.heads = \"{5}\"\nddb.geometry.sectors = \"{6}\"\nddb.adapterType = \"{7}\"\n",
            contentId,
            createType,
            sectors,
            createType == Flat ? $"FLAT \"{fileName}\" 0" : $"SPARSE \"{fileName}\"",
            isIde ? Math.Min(MaxIdeCylinders, cylinders) : cylinders,
            heads,
            SectorsPerTrack,
            adapter.ToString().ToLowerInvariant()));
    }

    /// <summary>A CID for a new disk.</summary>
    public static uint NewContentId()
    {
        uint id;
        do
        {
            id = BinaryPrimitives.ReadUInt32LittleEndian(Guid.NewGuid().ToByteArray());
        }
        while (id >= NoParent - 1);
        return id;
    }

    /// <summary>A CID in the form in which chains compare identities.</summary>
    public static Guid? ToIdentity(uint? contentId) => contentId is { } id ? new Guid(id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) : null;

    private static string? Text(uint? contentId) => contentId?.ToString("x8", CultureInfo.InvariantCulture);

    private static string Decode(string path, byte[] bytes, int length)
    {
        // The names of keys and encodings are ASCII, whatever the rest is in.
        string? name = null;
        using StringReader reader = new(Encoding.UTF8.GetString(bytes, 0, length));
        while (name is null && reader.ReadLine() is { } line)
        {
            name = ValueIn(line.Trim()) is var (key, value) && key == EncodingKey ? value : null;
        }

        Encoding encoding = string.IsNullOrEmpty(name) ? DescriptorEncoding.Default : DescriptorEncoding.Named(name!)
            ?? throw QedUnsupportedFormatException.ForFeature(path, VmdkFormat.FormatName, $"a descriptor in the encoding '{PrintableText.Of(name!)}'");
        return encoding.GetString(bytes, 0, length);
    }

    // The key and value in a line, if the key is one that matters; with the key as it is spelled here.
    private static (string Key, string Value)? ValueIn(string line) =>
        line.IndexOf('=') is > 0 and int equals && line.Substring(0, equals).TrimEnd() is var name
        && Array.Find(Keys, key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase)) is { } known
            ? (known, line.Substring(equals + 1).Trim().Trim('"'))
            : null;

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line)
    {
        while (line.Length > 0 && IsBlank(line[0]))
        {
            line = line.Slice(1);
        }

        while (line.Length > 0 && IsBlank(line[line.Length - 1]))
        {
            line = line.Slice(0, line.Length - 1);
        }

        return line;

        static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r';
    }

    private static QedDamagedFileException Damaged(string path, string field, object value, string allowed) =>
        new(path, VmdkFormat.FormatName, field, value, allowed);
}
