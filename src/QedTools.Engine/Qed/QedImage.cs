using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Checking;
using QedTools.Qed.Files;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>One QED file: its header, its tables, and the changes that concern only the header.</summary>
internal sealed class QedImage : IDiskLayer
{
    private readonly TableCache _tables;
    private Action<string>? _onDecision;
    private QedCheckResult? _soundCheck; // kept while the image is open
    private bool _isNew;

    private QedImage(QedFile file, string? backingName)
    {
        File = file;
        BackingName = backingName;
        _tables = new TableCache(file.Storage, file.Read, file.Header.Geometry);
        Map = new ClusterMap(file, _tables);
    }

    /// <summary>The file itself.</summary>
    public QedFile File { get; }

    public IStorage Storage => File.Storage;

    public string FormatName => QedFormat.FormatName;

    /// <summary>The header as it is in the file.</summary>
    public QedHeader Header => File.Header;

    /// <summary>Where the clusters are.</summary>
    public ClusterMap Map { get; }

    /// <summary>Changes the tables; null while the image is open for reading only.</summary>
    public MetadataWriter? Writer { get; private set; }

    /// <summary>Traces what happens in the file, and where; null if the operation is not traced in detail.</summary>
    public ImageTrace? Trace => File.Trace;

    /// <summary>The backing file's name as stored, decoded as UTF-8; null if there is none.</summary>
    public string? BackingName { get; private set; }

    public long VirtualSize => Header.VirtualSize;

    public long MaxVirtualSize => Header.Geometry.MaxVirtualSize;

    public FormatFacts? Facts => new QedFacts(Header);

    public BackingReference? Backing => BackingName is null
        ? null
        : new BackingReference(BackingName, (Header.Features & QedFeatures.BackingFormatNoProbe) != 0);

    public int Granule => Header.Geometry.ClusterSize;

    public IDiskCompression? Compression => null;

    public int? AllocationUnit => Header.Geometry.ClusterSize;

    public int SectorSize => Sector.Size;

    public Guid? ContentId => null;

    /// <summary>Reads and validates the header of an image.</summary>
    /// <param name="storage">The file; the image owns it once this returns.</param>
    /// <exception cref="QedFormatException">It is not a QED image, or has an invalid header or unknown features.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static QedImage Open(IStorage storage)
    {
        QedFile file = QedFile.Open(storage);
        return new QedImage(file, ReadBackingName(storage, file.Header));
    }

    /// <summary>Opens an image that was just created: its tables are empty, so writing to it needs no check.</summary>
    /// <param name="storage">The file; the image owns it once this returns.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static QedImage OpenNew(IStorage storage)
    {
        QedImage image = Open(storage);
        image._isNew = true;
        return image;
    }

    public void Follow(OperationTrace? trace, string path)
    {
        FollowChanges(trace, path);
        File.TraceHeader();
    }

    /// <summary>Starts to trace decisions and what happens in the file, but not what is already there.</summary>
    /// <param name="trace">Receives the lines; may be null.</param>
    /// <param name="path">The file, by the name that the user knows it by.</param>
    public void FollowChanges(OperationTrace? trace, string path)
    {
        _onDecision = trace?.Decision;
        File.Follow(trace, path);
    }

    /// <summary>Writes an empty image into an empty file.</summary>
    /// <param name="storage">The file, empty; the caller still owns it afterwards.</param>
    /// <param name="geometry">The cluster and table sizes.</param>
    /// <param name="virtualSize">The disk's size, in bytes: a multiple of 512 up to the geometry's limit.</param>
    /// <param name="backing">The backing file to record, or null.</param>
    /// <exception cref="QedLimitException">The size or the name does not fit the format.</exception>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static void Create(IStorage storage, QedGeometry geometry, long virtualSize, BackingReference? backing)
    {
        QedHeader header = new(
            (uint)geometry.ClusterSize,
            (uint)geometry.TableSize,
            HeaderSize: 1,
            QedFeatures.None,
            CompatFeatures: 0,
            AutoclearFeatures: 0,
            L1TableOffset: (ulong)geometry.ClusterSize,
            (ulong)virtualSize,
            BackingNameOffset: 0,
            BackingNameSize: 0);

        // The L1 table is all zeroes, so its clusters need no writing.
        storage.SetLength(geometry.ClusterSize + geometry.TableBytes);
        if (backing is { } reference)
        {
            byte[] name = EncodeBackingName(storage.Path, reference.Name);
            storage.Write(QedHeader.Size, name);
            header = WithBacking(header, QedHeader.Size, name.Length, reference.IsRaw);
        }

        QedFile.WriteHeader(storage, header);
    }

    /// <summary>Records another backing file, or none. The disk reads differently afterwards unless both have the same contents.</summary>
    /// <param name="backing">The file to record; null for none.</param>
    /// <returns>False if the image already recorded exactly that, so nothing was written.</returns>
    /// <exception cref="QedUnsupportedFeatureException">Unknown compatible features do not allow a name to be stored.</exception>
    /// <exception cref="QedLimitException">The name is too long for the format or for the header.</exception>
    /// <exception cref="QedException">The file could not be written; the image then has either its old backing file or the new one.</exception>
    /// <remarks>
    /// The change is atomic: the new name does not overwrite the old one, and is on the disk before the header, which fits
    /// in one sector, switches to it.
    /// </remarks>
    public bool SetBacking(BackingReference? backing)
    {
        if (backing?.Name == Backing?.Name && backing?.IsRaw == Backing?.IsRaw && Header.AutoclearFeatures == 0)
        {
            return false;
        }

        RequireBacking(backing);

        // Unknown autoclear features promise something that a change may break, so they are cleared first.
        if (Header.AutoclearFeatures != 0)
        {
            File.WriteHeader(Header); // without them
            Storage.Flush();
        }

        // A change to the header alone does not affect the tables, so the need-check bit stays as it is.
        QedHeader changed = Header;
        if (backing is { } reference)
        {
            byte[] name = EncodeBackingName(Storage.Path, reference.Name);
            uint offset = PlaceForName(name.Length);
            Storage.Write(offset, name);
            Storage.Flush();
            Trace?.BackingNameWritten(offset, name.Length);
            changed = WithBacking(changed, offset, name.Length, reference.IsRaw);
        }
        else
        {
            changed = changed with
            {
                Features = changed.Features & ~(QedFeatures.BackingFile | QedFeatures.BackingFormatNoProbe),
                BackingNameOffset = 0,
                BackingNameSize = 0,
            };
        }

        File.WriteHeader(changed);
        Storage.Flush();
        BackingName = backing?.Name;
        return true;
    }

    /// <summary>Makes sure that a backing file could be recorded.</summary>
    /// <param name="backing">The file; null for none, which is always possible.</param>
    /// <exception cref="QedException">As <see cref="SetBacking"/>.</exception>
    public void RequireBacking(BackingReference? backing)
    {
        if (backing is not { } reference)
        {
            return;
        }

        if (Header.CompatFeatures != 0)
        {
            throw QedUnsupportedFeatureException.ForBackingName(Storage.Path, Header.CompatFeatures);
        }

        PlaceForName(EncodeBackingName(Storage.Path, reference.Name).Length);
    }

    public IDisk ToDisk(IDisk? backing) => new QedDisk(this, backing);

    public void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        RequireWritable(progress, cancellation);
        Writer ??= new MetadataWriter(File, _tables);
    }

    public long CountWrongEntries(CancellationToken cancellation) => ImageChecker.Check(File, progress: null, cancellation).CorruptionCount;

    public void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        if (!_isNew)
        {
            RequireSound(progress, cancellation);
        }
    }

    /// <summary>Makes sure that a check finds nothing but leaks, whether or not the image was closed cleanly; checks once while it is open.</summary>
    /// <remarks>
    /// A file that was cut short is not marked as such: its entries point past its end, where new clusters would go. Where two entries
    /// point to one cluster, a change at one disk offset would change another.
    /// </remarks>
    /// <returns>The check's result, as the image was before it was written to.</returns>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public QedCheckResult RequireSound(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        if (_soundCheck is { } known)
        {
            return known;
        }

        QedCheckResult check = ImageChecker.Check(File, progress, cancellation);
        if (check.Status == QedCheckStatus.Corrupt)
        {
            throw new QedCorruptException(Storage.Path, string.Format(
                CultureInfo.InvariantCulture,
                check.CorruptionCount == 1
                    ? "{1}one of its table entries is wrong, so it cannot be written to."
                    : "{1}{0} of its table entries are wrong, so it cannot be written to.",
                check.CorruptionCount,
                Header.NeedsCheck ? "it was not closed cleanly and " : string.Empty));
        }

        _soundCheck = check;
        if (Header.NeedsCheck)
        {
            _onDecision?.Invoke(string.Format(
                CultureInfo.InvariantCulture,
                "{0}: it was not closed cleanly, but its tables are sound (clusters leaked: {1}), so it can be written to.",
                PrintableText.Of(Storage.Path),
                check.LeakedClusters));
        }

        return check;
    }

    /// <summary>Unmaps the cluster at an offset, so that it reads from the backing file.</summary>
    /// <param name="virtualOffset">Where on the disk it begins, in bytes.</param>
    /// <exception cref="QedException">The tables could not be read or written.</exception>
    public void Unmap(long virtualOffset) => RequireWriter().Map(virtualOffset, 1, default, step: 0);

    /// <summary>Unmaps the whole disk, so that it reads from the backing file.</summary>
    /// <exception cref="QedException">The tables could not be read or written.</exception>
    public void Clear()
    {
        MetadataWriter writer = RequireWriter();
        for (long l1Index = 0; l1Index < Header.Geometry.L1EntriesFor(VirtualSize); l1Index++)
        {
            writer.RemoveTable(l1Index);
        }
    }

    /// <summary>Allows changes to tables that may be damaged. The need-check bit stays set until <see cref="CompleteRepair"/>.</summary>
    public MetadataWriter BeginRepair() => Writer = new MetadataWriter(File, _tables) { IsDamaged = true };

    /// <summary>Lets the need-check bit be cleared: the tables are whole again.</summary>
    public void CompleteRepair()
    {
        if (Writer is { } writer)
        {
            writer.IsDamaged = false;
        }
    }

    /// <summary>
    /// Writes all changes to the disk, returns clusters that became free to the host, and clears the need-check bit. If something
    /// went wrong before, that bit stays set, and nothing is returned.
    /// </summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void EndWriting()
    {
        if (Writer is not { } writer)
        {
            return;
        }

        writer.Commit();
        Trace?.Flush();
        if (!writer.HasFailed)
        {
            if (writer.HasFree)
            {
                PackIfSpaceAllows(writer);
            }

            writer.Close();
        }

        LeaveWriting();
    }

    /// <summary>Removes the L2 tables that map nothing.</summary>
    /// <exception cref="QedException">The tables could not be read or written.</exception>
    public void RemoveEmptyTables()
    {
        MetadataWriter writer = RequireWriter();
        writer.Commit();
        TableReader l1Reader = new(Storage, Header.Geometry, CancellationToken.None);
        TableReader l2Reader = new(Storage, Header.Geometry, CancellationToken.None);
        List<long> empty = [];
        l1Reader.Read(File.L1TableOffset, (first, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated && MapsNothing(entry.Offset))
                {
                    empty.Add(first + i);
                }
            }
        });
        empty.ForEach(writer.RemoveTable);

        bool MapsNothing(long table)
        {
            bool isEmpty = true;
            l2Reader.Read(table, (_, entries) => isEmpty &= ZeroScan.IsZero(MemoryMarshal.AsBytes(entries)));
            return isEmpty;
        }
    }

    /// <summary>Returns all clusters that nothing refers to, whatever left them, to the host.</summary>
    /// <param name="onSurvey">Receives the clusters in use before anything is moved; may be null.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Pack(Action<ImageSurvey>? onSurvey = null)
    {
        MetadataWriter writer = RequireWriter();
        writer.Commit();
        ImageCompactor.Pack(this, writer, onSurvey);
    }

    /// <summary>
    /// Closes the file, also after an error. A caller that must know whether the last changes reached the disk calls
    /// <see cref="EndWriting"/> first. A file without changes is left as it is.
    /// </summary>
    public void Dispose()
    {
        try
        {
            if (Writer is { HasChanged: true })
            {
                EndWriting();
            }
        }
        catch (QedException)
        {
            // The need-check bit informs the next program that opens the image; the error that led here matters more.
        }
        finally
        {
            LeaveWriting();
            Storage.Dispose();
        }
    }

    // Leaks do no harm, and it must always be possible to close an image.
    private void PackIfSpaceAllows(MetadataWriter writer)
    {
        try
        {
            ImageCompactor.Pack(this, writer);
        }
        catch (QedDiskFullException e) when (e.RequiredBytes is not null)
        {
            _onDecision?.Invoke($"{PrintableText.Of(Storage.Path)}: unused clusters remain in the file. {e.Message}");
        }
    }

    private void LeaveWriting()
    {
        Writer = null;
        File.NewClusters = null;
    }

    private MetadataWriter RequireWriter() =>
        Writer ?? throw new InvalidOperationException("The image is open for reading only.");

    private static QedHeader WithBacking(QedHeader header, uint offset, int size, bool isRaw) => header with
    {
        Features = (header.Features & ~QedFeatures.BackingFormatNoProbe)
            | QedFeatures.BackingFile
            | (isRaw ? QedFeatures.BackingFormatNoProbe : QedFeatures.None),
        BackingNameOffset = offset,
        BackingNameSize = (uint)size,
    };

    private static string? ReadBackingName(IStorage storage, in QedHeader header)
    {
        if (!header.HasBackingFile)
        {
            return null;
        }

        byte[] name = new byte[header.BackingNameSize];
        storage.ReadExactly(header.BackingNameOffset, name);
        return Encoding.UTF8.GetString(name);
    }

    /// <summary>A backing file's name as it is stored.</summary>
    /// <exception cref="QedLimitException">It is too long.</exception>
    public static byte[] EncodeBackingName(string path, string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length is > 0 and <= QedHeader.MaxNewBackingNameSize
            ? bytes
            : throw new QedLimitException(
                path,
                "BackingFile",
                name,
                $"a name of 1 to {QedHeader.MaxNewBackingNameSize} bytes in UTF-8",
                $"The name of the backing file for '{path}' has {bytes.Length} bytes in UTF-8, but 1 to {QedHeader.MaxNewBackingNameSize} are allowed. Give a shorter name, such as one relative to the image's folder.");
    }

    // Between the header and the old name, or after the old name.
    private uint PlaceForName(int size)
    {
        if (!Header.HasBackingFile || QedHeader.Size + size <= Header.BackingNameOffset)
        {
            return QedHeader.Size;
        }

        long afterName = Header.BackingNameOffset + (long)Header.BackingNameSize;
        return afterName + size <= Math.Min(Header.HeaderBytes, uint.MaxValue)
            ? (uint)afterName
            : throw new QedLimitException(
                Storage.Path,
                "BackingFile",
                size,
                "a name that fits into the header next to the current one",
                $"The header of '{Storage.Path}' has no space for a backing file name of {size} bytes next to the current one. Give a shorter name, or remove the current one first.",
                QedRemedy.RemoveBackingFile);
    }
}
