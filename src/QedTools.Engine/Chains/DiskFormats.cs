using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Foreign;
using QedTools.Interchange.Qcow2;
using QedTools.Interchange.Raw;
using QedTools.Interchange.Vdi;
using QedTools.Interchange.Vhd;
using QedTools.Interchange.Vhdx;
using QedTools.Interchange.Vmdk;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>The one table of all formats.</summary>
internal static class DiskFormats
{
    /// <summary>QED.</summary>
    public static readonly IDiskFormat Qed = new QedFormat();

    /// <summary>Raw, which any file can be.</summary>
    public static readonly IDiskFormat Raw = new RawFormat();

    /// <summary>All formats in the order in which they are asked; raw is last.</summary>
    public static readonly IReadOnlyList<IDiskFormat> All =
    [
        Qed, new VhdxFormat(), new VhdFormat(), new Qcow2Format(), new VdiFormat(), new VmdkFormat(), .. ForeignFormat.All, Raw,
    ];

    /// <summary>The format that a user chose.</summary>
    public static IDiskFormat Of(QedDiskFormat kind) => All.First(format => format.Kind == kind);

    /// <summary>The format of a name that a layer gives (<see cref="IDiskLayer.FormatName"/>).</summary>
    public static IDiskFormat Named(string name) => All.First(format => format.Name == name);

    /// <summary>The format that a file's extension means; null if it means none.</summary>
    public static IDiskFormat? OfExtension(string path)
    {
        string extension = Path.GetExtension(path);
        return All.FirstOrDefault(format => format.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The format of a file that is named alone: what its extension means, else what its contents are, else QED.</summary>
    /// <remarks>A file is raw only if its name says so: nobody means the bytes of whatever file he named by mistake.</remarks>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IDiskFormat OfFile(string path)
    {
        if (OfExtension(path) is { } known)
        {
            return known;
        }

        using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
        IDiskFormat probed = Probe(storage);
        return probed == Raw ? Qed : probed;
    }

    /// <summary>The name of the format that a file's contents look like, if its extension means another one; null if they agree.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static string? OtherThanExtension(string path)
    {
        if (OfExtension(path) != Raw)
        {
            return null;
        }

        using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
        IDiskFormat probed = Probe(storage);
        return probed == Raw ? null : probed.Name;
    }

    /// <summary>Opens a file as a format, and says which other one it is of where it is no QED image.</summary>
    /// <param name="storage">The file; the layer owns it from then on.</param>
    /// <param name="format">The format; null to tell it by the contents.</param>
    /// <exception cref="QedNotAnImageException">It is to be a QED image and is none.</exception>
    /// <exception cref="QedException">It is damaged, or could not be read.</exception>
    public static IDiskLayer Open(IStorage storage, IDiskFormat? format)
    {
        try
        {
            return (format ?? Probe(storage)).Open(storage);
        }
        catch (QedNotAnImageException e)
        {
            IDiskFormat found = Probe(storage);
            throw found == Raw ? e : QedNotAnImageException.ForFormat(storage.Path, found.Name, found.Kind is not null, e);
        }
    }

    /// <summary>The format of a file, by its contents.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IDiskFormat Probe(IStorage storage)
    {
        foreach (IDiskFormat format in All)
        {
            if (format.Recognizes(storage))
            {
                return format;
            }
        }

        return Raw;
    }
}
