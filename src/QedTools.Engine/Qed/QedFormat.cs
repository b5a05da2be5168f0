using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>QED as one of the disk formats.</summary>
internal sealed class QedFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "QED";

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".qed"];

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return storage.Read(0, start) == start.Length && QedHeader.HasMagic(start);
    }

    public IDiskLayer Open(IStorage storage) => QedImage.Open(storage);
}
