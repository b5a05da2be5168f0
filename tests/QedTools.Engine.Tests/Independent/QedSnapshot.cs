using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace QedTools.Tests.Independent;

/// <summary>The files of a folder at one moment, and the disks in them.</summary>
internal sealed class QedSnapshot(Dictionary<string, byte[]> files)
{
    /// <summary>The largest file that is read, in bytes; longer ones are left out. No image has a reason to become that long.</summary>
    public const int MaxFile = 1 << 28;

    private const int MaxDepth = 4;

    public IReadOnlyDictionary<string, byte[]> Files => files;

    public static QedSnapshot Of(string folder) =>
        new(Directory.EnumerateFiles(folder).Where(path => new FileInfo(path).Length <= MaxFile).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes));

    public (ReferenceQed? Disk, string? Why) Open(string name) => ReferenceQed.Open(files[name], (backing, isRaw) => Resolve(backing, isRaw));

    /// <summary>A backing file's disk; if the name is not that of one of the files, nothing can be read.</summary>
    public ReferenceDisk Resolve(string name, bool isRaw, int depth = 1)
    {
        if (depth > MaxDepth || !files.TryGetValue(name, out byte[]? bytes))
        {
            return new ReferenceLost();
        }

        if (isRaw || bytes.Length < 4 || !bytes.AsSpan(0, 4).SequenceEqual("QED\0"u8))
        {
            return new ReferenceRaw(bytes);
        }

        return ReferenceQed.Open(bytes, (below, raw) => Resolve(below, raw, depth + 1)).Disk ?? (ReferenceDisk)new ReferenceLost();
    }
}
