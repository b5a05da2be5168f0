using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Foreign;

/// <summary>
/// A format that is known by its magic number only, so that its files are never mistaken for raw disks: reading one as
/// raw would show its metadata as the disk's contents.
/// </summary>
internal sealed class ForeignFormat : IDiskFormat
{
    private readonly byte[] _magic;
    private readonly long _offset;

    private ForeignFormat(string name, ReadOnlySpan<byte> magic, long offset = 0)
    {
        Name = name;
        _magic = magic.ToArray();
        _offset = offset;
    }

    /// <summary>The formats that are recognized but not read.</summary>
    public static IReadOnlyList<ForeignFormat> All { get; } =
    [
        new("qcow", [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 1]),
        new("VMDK", "COWD"u8),
        new("LUKS", [(byte)'L', (byte)'U', (byte)'K', (byte)'S', 0xBA, 0xBE]),
        new("Parallels", "WithoutFreeSpace"u8),
        new("Parallels", "WithouFreSpacExt"u8),
    ];

    public QedDiskFormat? Kind => null;

    public string Name { get; }

    public IReadOnlyList<string> Extensions { get; } = [];

    public bool Recognizes(IStorage storage)
    {
        long offset = _offset < 0 ? storage.Length + _offset : _offset;
        if (offset < 0)
        {
            return false;
        }

        Span<byte> found = stackalloc byte[32];
        found = found.Slice(0, _magic.Length);
        return storage.Read(offset, found) == found.Length && found.SequenceEqual(_magic);
    }

    public IDiskLayer Open(IStorage storage) => throw new QedUnsupportedFormatException(storage.Path, Name);

    public NewDisk Settle(string path, in NewDisk wish) => throw new QedUnsupportedFormatException(path, Name);

    public IDiskLayer Create(IStorage storage, in NewDisk disk) => throw new QedUnsupportedFormatException(storage.Path, Name);
}
