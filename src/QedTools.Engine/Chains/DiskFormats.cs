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
    public static readonly IDiskFormat<QedImage> Qed = new QedFormat();

    /// <summary>Raw, which any file can be.</summary>
    public static readonly IDiskFormat Raw = new RawFormat();

    /// <summary>All formats in the order in which they are probed; raw is last.</summary>
    public static readonly IReadOnlyList<IDiskFormat> All =
    [
        Qed, new VhdxFormat(), new VhdFormat(), new Qcow2Format(), new VdiFormat(), new VmdkFormat(), .. ForeignFormats.All, Raw,
    ];

    /// <summary>The format that a user chose.</summary>
    public static IDiskFormat Of(QedDiskFormat kind) => All.First(format => format.Kind == kind);

    /// <summary>The format of a name that a layer gives (<see cref="IDiskLayer.FormatName"/>).</summary>
    public static IDiskFormat Named(string name) => All.First(format => format.Name == name);

    /// <summary>The format that a file's extension means; null if it means none that can be read.</summary>
    public static IDiskFormat? OfExtension(string path) => MeantBy(path) is { Kind: not null } format ? format : null;

    /// <summary>The format that a file's extension means, those that are only recognized included; null if it means none.</summary>
    public static IDiskFormat? MeantBy(string path)
    {
        string extension = Path.GetExtension(path);
        return All.FirstOrDefault(format => format.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The format to open a file with when only its name is given: that of its extension; null to detect it from the contents.</summary>
    /// <remarks>A file is raw only if its extension says so, so a file named by mistake is not read as a disk: opening it as QED fails.</remarks>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IDiskFormat? ForOpening(IStorage storage) => storage.DeviceSectorSize is not null ? Raw : OfExtension(storage.Path) ?? (Probe(storage) == Raw ? Qed : null);

    /// <summary>The format to read a disk with: what its extension means; null to use the contents. A device is raw: its contents must not decide.</summary>
    public static IDiskFormat? ForReading(IStorage storage) => storage.DeviceSectorSize is not null ? Raw : OfExtension(storage.Path);

    /// <summary>
    /// The format to look at a file with, where nothing is done with its contents; null to tell it by the contents. What is of no known format is what
    /// its extension means, and QED if that means nothing.
    /// </summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IDiskFormat? ForInspection(IStorage storage) =>
        storage.DeviceSectorSize is not null ? Raw : Probe(storage) == Raw ? OfExtension(storage.Path) ?? Qed : null;

    /// <summary>The format of the contents of a file that is raw by its extension; null if nothing contradicts raw.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IDiskFormat? OtherThanRaw(string path)
    {
        if (OfExtension(path) != Raw)
        {
            return null;
        }

        using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
        return OtherThanRaw(storage);
    }

    /// <inheritdoc cref="OtherThanRaw(string)"/>
    public static IDiskFormat? OtherThanRaw(IStorage storage) =>
        Probe(storage) is var found && (found == Raw || found is ForeignFormat { IsDiskContent: true }) ? null : found;

    /// <summary>The phrase for a file of a format, with the article, such as "a QED file".</summary>
    public static string PhraseOf(IDiskFormat format) => (format as ForeignFormat)?.Phrase ?? $"a {format.Name} file";

    /// <summary>Opens a file as a format; if it is not of that format, the error says what it is.</summary>
    /// <param name="storage">The file; the layer owns it from then on.</param>
    /// <param name="format">The format; null to detect it from the contents.</param>
    /// <exception cref="QedNotAnImageException">It is not of that format.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a format that cannot be read.</exception>
    /// <exception cref="QedException">It is damaged, or could not be read.</exception>
    public static IDiskLayer Open(IStorage storage, IDiskFormat? format)
    {
        if (format is null)
        {
            IDiskFormat found = Probe(storage);

            // A file without a magic number that is named like VMware's parts of a disk is never a disk by itself.
            if (found != Raw || MeantBy(storage.Path) is not { Kind: QedDiskFormat.Vmdk } vmdk)
            {
                return found.Open(storage);
            }

            format = vmdk;
        }

        return Open(storage, format, format.Open);
    }

    /// <inheritdoc cref="Open(IStorage, IDiskFormat)"/>
    public static TLayer Open<TLayer>(IStorage storage, IDiskFormat<TLayer> format)
        where TLayer : class, IDiskLayer => Open(storage, format, format.Open);

    /// <summary>Opens a file as the format that the user named, whatever its extension means.</summary>
    /// <param name="storage">The file; the layer owns it from then on.</param>
    /// <param name="format">The format.</param>
    /// <exception cref="QedNotAnImageException">It is not of that format.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a format that cannot be read.</exception>
    /// <exception cref="QedException">It is damaged, or could not be read.</exception>
    public static IDiskLayer OpenNamed(IStorage storage, IDiskFormat format)
    {
        try
        {
            return format.Open(storage);
        }
        catch (QedFormatException e) when (!format.Recognizes(storage))
        {
            IDiskFormat found = Probe(storage);
            throw found is ForeignFormat foreign
                ? foreign.Refusal(storage.Path, namedLike: null)
                : QedNotAnImageException.ForNamed(storage.Path, format.Name, found == Raw ? null : PhraseOf(found), storage.Length == 0, e);
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

    private static TLayer Open<TLayer>(IStorage storage, IDiskFormat format, Func<IStorage, TLayer> open)
    {
        try
        {
            return open(storage);
        }
        catch (QedFormatException e) when (!format.Recognizes(storage))
        {
            throw Mismatch(storage, format, e);
        }
    }

    private static QedException Mismatch(IStorage storage, IDiskFormat wanted, QedFormatException cause)
    {
        string path = storage.Path;
        IDiskFormat found = Probe(storage);
        IDiskFormat? meant = MeantBy(path);
        string? namedLike = meant is null || meant == found ? null : meant.Name;
        return (found, namedLike) switch
        {
            (ForeignFormat foreign, _) => foreign.Refusal(path, namedLike),
            ({ Kind: QedDiskFormat.Raw }, _) when meant == wanted => QedNotAnImageException.ForUnknown(path, wanted.Name, storage.Length == 0, cause),
            ({ Kind: QedDiskFormat.Raw }, _) when wanted == Qed => cause,
            (_, { } name) when meant == wanted => QedNotAnImageException.ForExtension(path, name, found, cause),
            _ when wanted == Qed => QedNotAnImageException.ForFormat(path, found.Name, namedLike, cause),
            _ => QedNotAnImageException.ForRecord(path, wanted.Name, found == Raw ? "of no known format" : PhraseOf(found), cause),
        };
    }
}
