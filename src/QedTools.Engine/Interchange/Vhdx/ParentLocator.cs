using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage.Native;

namespace QedTools.Interchange.Vhdx;

/// <summary>Where the parent of a differencing file is, and which one it must be ([MS-VHDX], 2.6.2.6).</summary>
internal sealed class ParentLocator
{
    /// <summary>The size of a locator's header, in bytes.</summary>
    public const int HeaderSize = 20;

    private const int EntrySize = 12;
    private const string LongPathPrefix = @"\\?\";
    private const string LongSharePrefix = @"\\?\UNC\";

    // The only type that the specification defines (2.6.2.6.3): another VHDX file.
    private static readonly Guid VhdxType = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    private const string RelativePath = "relative_path";
    private const string VolumePath = "volume_path";
    private const string AbsolutePath = "absolute_win32_path";
    private const string ParentLinkage = "parent_linkage";

    private readonly Dictionary<string, string> _entries;

    private ParentLocator(Dictionary<string, string> entries) => _entries = entries;

    /// <summary>The locator of a new file.</summary>
    /// <param name="parent">Where the parent is.</param>
    /// <param name="linkage">The parent's <see cref="VhdxHeader.DataWriteGuid"/>.</param>
    public static ParentLocator Of(in ParentPath parent, Guid linkage)
    {
        Dictionary<string, string> entries = new(StringComparer.Ordinal) { [ParentLinkage] = linkage.ToString("B") };
        if (parent.Relative is { } relative)
        {
            entries[RelativePath] = relative;
        }

        if (parent.Absolute is { } absolute)
        {
            entries[AbsolutePath] = WithPrefix(absolute);
        }

        return new ParentLocator(entries);
    }

    /// <summary>Reads a locator.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="item">The metadata item's bytes; at least <see cref="HeaderSize"/>.</param>
    /// <exception cref="QedDamagedFileException">An entry is outside the item.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of another type.</exception>
    public static ParentLocator Parse(string path, byte[] item)
    {
        Guid type = GuidBytes.Read(item);
        if (type != VhdxType)
        {
            throw QedUnsupportedFormatException.ForFeature(path, VhdxFormat.FormatName, $"a parent locator of the type {type}");
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(item.AsSpan(18));
        VhdxDamage.Require(
            HeaderSize + (count * EntrySize) <= item.Length, path, "KeyValueCount", (ulong)count, $"a number that fits into the item's {item.Length} bytes");
        Dictionary<string, string> entries = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = item.AsSpan(HeaderSize + (i * EntrySize), EntrySize);
            string key = Text(entry, 0, 8, "Key");
            entries[key] = Text(entry, 4, 10, "Value");
        }

        return new ParentLocator(entries);

        string Text(ReadOnlySpan<byte> entry, int offsetAt, int lengthAt, string field)
        {
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(offsetAt));
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(lengthAt));
            VhdxDamage.Require(
                offset + (long)length <= item.Length, path, $"{field}Offset of the parent locator", offset, $"one inside the item's {item.Length} bytes");
            return Encoding.Unicode.GetString(item, (int)offset, length);
        }
    }

    /// <summary>The locator as a metadata item: a header, an entry for each key, then the texts (2.6.2.6.1 and 2.6.2.6.2).</summary>
    public byte[] ToItem()
    {
        List<byte> texts = [];
        int textsAt = HeaderSize + (_entries.Count * EntrySize);
        byte[] start = new byte[textsAt];
        GuidBytes.Write(VhdxType, start);
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(18), (ushort)_entries.Count);
        Span<byte> entry = start.AsSpan(HeaderSize);
        foreach (KeyValuePair<string, string> pair in _entries)
        {
            Put(entry, 0, 8, pair.Key);
            Put(entry, 4, 10, pair.Value);
            entry = entry.Slice(EntrySize);
        }

        return [.. start, .. texts];

        void Put(Span<byte> entry, int offsetAt, int lengthAt, string text)
        {
            byte[] bytes = Encoding.Unicode.GetBytes(text);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(offsetAt), (uint)(textsAt + texts.Count));
            BinaryPrimitives.WriteUInt16LittleEndian(entry.Slice(lengthAt), checked((ushort)bytes.Length));
            texts.AddRange(bytes);
        }
    }

    /// <summary>What the file says about its parent.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="QedDamagedFileException">The locator does not name a file, or does not say which one it must be.</exception>
    public BackingReference ToReference(string path)
    {
        // The order in which the specification says to try them.
        List<string> names = [];
        if (_entries.TryGetValue(RelativePath, out string? relative) && relative.Length > 0)
        {
            names.Add(Platform.IsWindows ? relative : relative.Replace('\\', '/'));
        }

        foreach (string key in new[] { VolumePath, AbsolutePath })
        {
            if (_entries.TryGetValue(key, out string? absolute) && absolute.Length > 0)
            {
                names.Add(WithoutPrefix(absolute));
            }
        }

        if (names.Count == 0)
        {
            throw VhdxDamage.Of(path, "the number of paths in the parent locator", 0, "1 to 3");
        }

        string name = names[0];
        names.RemoveAt(0);
        return new BackingReference(name, IsRaw: false)
        {
            Format = QedDiskFormat.Vhdx,
            OtherNames = names,
            ContentId = Linkage(ParentLinkage)
                ?? throw VhdxDamage.Of(path, ParentLinkage, _entries.TryGetValue(ParentLinkage, out string? value) ? $"'{value}'" : "missing", "a GUID"),
            OtherContentId = Linkage("parent_linkage2") is { } other && other != Guid.Empty ? other : null,
        };
    }

    private Guid? Linkage(string key) =>
        _entries.TryGetValue(key, out string? text) && Guid.TryParse(text, out Guid linkage) ? linkage : null;

    // The prefix lifts a limit on a path's length and changes nothing else if a drive or a share follows.
    private static string WithoutPrefix(string name) =>
        name.StartsWith(LongSharePrefix, StringComparison.OrdinalIgnoreCase) ? @"\\" + name.Remove(0, LongSharePrefix.Length)
        : name.StartsWith(LongPathPrefix, StringComparison.Ordinal) && name.Length > LongPathPrefix.Length + 1 && name[LongPathPrefix.Length + 1] == ':'
            ? name.Substring(LongPathPrefix.Length)
            : name;

    // An absolute path always has the prefix (2.6.2.6.3).
    private static string WithPrefix(string path) =>
        path.StartsWith(LongPathPrefix, StringComparison.Ordinal) ? path
        : path.StartsWith(@"\\", StringComparison.Ordinal) ? LongSharePrefix + path.TrimStart('\\')
        : LongPathPrefix + path;
}
