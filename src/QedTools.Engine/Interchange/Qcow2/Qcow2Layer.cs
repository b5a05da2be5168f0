using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Compression;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>
/// A qcow2 file as a layer: its active disk or that of a snapshot, read or being written as a new file. Its bitmaps are
/// ignored.
/// </summary>
internal sealed class Qcow2Layer : InterchangeLayer, ISnapshotLayer, IMultiFileLayer
{
    private const Qcow2Features Readable = Qcow2Features.Dirty | Qcow2Features.Corrupt | Qcow2Features.ExternalDataFile
        | Qcow2Features.CompressionType | Qcow2Features.ExtendedL2;

    private const int MaxSnapshotsShown = 1000;

    // The names that QEMU's programs use for the formats.
    private static readonly Dictionary<string, QedDiskFormat> FormatNames = new(StringComparer.Ordinal)
    {
        ["raw"] = QedDiskFormat.Raw,
        ["qed"] = QedDiskFormat.Qed,
        ["qcow2"] = QedDiskFormat.Qcow2,
        ["vhdx"] = QedDiskFormat.Vhdx,
        ["vpc"] = QedDiskFormat.Vhd,
        ["vdi"] = QedDiskFormat.Vdi,
        ["vmdk"] = QedDiskFormat.Vmdk,
    };

    private readonly CompressedClusterWriter? _compressedWriter;
    private Qcow2Header _header;

    private Qcow2Layer(
        IStorage storage, in Qcow2Header header, BackingReference? backing, bool isNew, string? dataFile = null, bool compresses = false)
        : base(storage)
    {
        _header = header;
        IsNew = isNew;
        Backing = backing;
        Geometry = header.Geometry;
        FurtherFiles = dataFile is null ? [] : [new BackingReference(dataFile, IsRaw: true)];
        Map = new Qcow2Map(storage, header, isNew ? FirstClusterFor(Geometry, header.L1Size) : storage.Length, isNew);
        Compressed = new CompressedClusters(storage, Geometry.ClusterSize, CompressionOf(header));
        _compressedWriter = compresses ? new CompressedClusterWriter(storage, Map, Geometry, PackerOf(header)) : null;
    }

    public override string FormatName => Qcow2Format.FormatName;

    // The header counts bytes: a part of a sector at the end is a sector.
    public override long VirtualSize => Sector.RoundUp((long)_header.VirtualSize);

    public override BackingReference? Backing { get; }

    // Over a backing file, and if it is compressed, a cluster is stored whole; otherwise it can have holes in the host's file.
    public override int Granule => GranuleOf(Geometry, storesWhole: Backing is not null || _compressedWriter is not null);

    public override IDiskCompression? Compression => _compressedWriter;

    public override int? AllocationUnit => Geometry.ClusterSize;

    public IReadOnlyList<BackingReference> FurtherFiles { get; }

    public IReadOnlyList<IStorage> Files { get; private set; } = [];

    public bool NeedsFiles => Files.Count < FurtherFiles.Count;

    /// <summary>The file that holds the disk's data, except for compressed clusters.</summary>
    public IStorage DataStorage => Files.Count > 0 ? Files[0] : Storage;

    /// <summary>The file's sizes.</summary>
    public Qcow2Geometry Geometry { get; }

    /// <summary>What the file holds of the disk.</summary>
    public Qcow2Map Map { get; private set; }

    public IEnumerable<DiskSnapshot> Snapshots => SnapshotTable.Read(Storage, _header).Select((one, index) => new DiskSnapshot(
        index,
        one.Id,
        one.Name,
        DateTimeOffset.FromUnixTimeSeconds(one.Entry.Seconds),
        one.Entry.VirtualSize is <= long.MaxValue and { } size ? (long)size : null));

    protected override QedFormatDetails Details
    {
        get
        {
            List<QedSnapshot> snapshots = [];
            int count = 0;
            foreach (DiskSnapshot one in Snapshots)
            {
                if (count++ < MaxSnapshotsShown)
                {
                    snapshots.Add(new QedSnapshot(one.Id, one.Name, one.Taken.UtcDateTime, one.VirtualSize));
                }
            }

            return new QedFormatDetails
            {
                Version = _header.Version.ToString(CultureInfo.InvariantCulture),
                LogicalSectorSize = SectorSize,
                Compression = _header.CompressionType == Qcow2Header.Zstd ? "zstd" : "deflate",
                DataFiles = new ResultList<string>([.. FurtherFiles.Select(file => file.Name)]),
                Snapshots = new ResultList<QedSnapshot>(snapshots),
                SnapshotCount = count,
            };
        }
    }

    /// <summary>Its compressed clusters.</summary>
    public CompressedClusters Compressed { get; }

    /// <summary>Whether the file is a new one, complete or not.</summary>
    public bool IsNew { get; }

    /// <summary>Whether the file is a new one, which may be written to.</summary>
    public bool IsWritable => IsNew && !IsFinished;

    /// <summary>Whether a new file is complete.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Reads and validates header and extensions of a file.</summary>
    /// <param name="storage">The file; the layer owns it once this returns.</param>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version or has a feature that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static Qcow2Layer Open(IStorage storage)
    {
        Span<byte> start = stackalloc byte[Qcow2Header.MaxBytes];
        start.Clear();
        int length = storage.Read(0, start);
        if (!Qcow2Header.HasMagic(start.Slice(0, length)))
        {
            throw Qcow2Damage.Of(storage.Path, "the start of the file", "something else", "\"QFI\\xfb\"");
        }

        Qcow2Header header = Qcow2Header.Parse(start);
        if (header.Version == 1)
        {
            throw Qcow2Damage.Of(storage.Path, "the version", 1, "2 or 3");
        }

        if (length < (header.Version < 3 ? Qcow2Header.SizeOfVersion2 : Qcow2Header.SizeOfVersion3))
        {
            throw Qcow2Damage.Of(storage.Path, "the header", "cut short", "72 bytes in version 2, 104 in version 3");
        }

        Validate(storage, header);
        Extensions extensions = Extensions.Read(storage, header);
        RequireReadable(storage.Path, header, extensions);
        return new Qcow2Layer(storage, header, ReadBacking(storage, header, extensions), isNew: false, header.HasDataFile ? extensions.DataFile : null);
    }

    /// <summary>Writes an empty disk into an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="geometry">The cluster size, and what follows from it.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors, up to the geometry's limit.</param>
    /// <param name="backing">The backing file to record, or null.</param>
    /// <param name="compression">How clusters are compressed; null: not at all.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static Qcow2Layer Create(
        IStorage storage, in Qcow2Geometry geometry, long virtualSize, BackingReference? backing, QedCompressionType? compression)
    {
        Qcow2Header header = new(
            Version: 3,
            BackingNameOffset: 0,
            BackingNameSize: 0,
            (uint)geometry.ClusterBits,
            (ulong)virtualSize,
            CryptMethod: 0,
            (uint)geometry.TablesFor(virtualSize),
            L1TableOffset: (ulong)geometry.ClusterSize,
            RefcountTableOffset: 0,
            RefcountTableClusters: 0,
            Snapshots: 0,
            SnapshotsOffset: 0,
            compression == QedCompressionType.Zstd ? Qcow2Features.CompressionType : Qcow2Features.None,
            Qcow2Header.DefaultRefcountOrder,
            HeaderLengthFor(compression),
            compression == QedCompressionType.Zstd ? Qcow2Header.Zstd : Qcow2Header.Deflate);
        return new Qcow2Layer(storage, header, backing, isNew: true, compresses: compression is not null);
    }

    /// <summary>How long a new file becomes; an upper bound with compression.</summary>
    /// <param name="geometry">The cluster size, and what follows from it.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="hasBacking">Whether it has a backing file.</param>
    /// <param name="isCompressed">Whether clusters are compressed: each takes a cluster of the file at most.</param>
    public static NewFileSize SizeOf(Qcow2Geometry geometry, long virtualSize, bool hasBacking, bool isCompressed)
    {
        long start = FirstClusterFor(geometry, geometry.TablesFor(virtualSize));
        return new NewFileSize(
            geometry.ClusterSize,
            GranuleOf(geometry, hasBacking || isCompressed),
            (clusters, tables) => RefcountWriter.EndFor(geometry, start + geometry.StartOf(clusters + tables)))
        {
            UnitsPerTable = geometry.EntriesPerTable,
            TablesAtOnce = Qcow2Map.TablesAtOnce(geometry),
            IsUpperBound = isCompressed,
        };
    }

    /// <summary>The size of the header, extensions and name of the backing file in a new file, in bytes.</summary>
    /// <param name="backing">The backing file, or null.</param>
    /// <param name="compression">How clusters are compressed; null for not at all.</param>
    public static long HeaderBytesFor(in BackingReference? backing, QedCompressionType? compression) =>
        HeaderLengthFor(compression) + BytesBehindHeader(backing);

    /// <summary>Makes the L1 table and the size of a snapshot those of the layer.</summary>
    /// <inheritdoc/>
    public void UseSnapshot(in DiskSnapshot snapshot)
    {
        SnapshotEntry entry = SnapshotTable.Read(Storage, _header).ElementAt(snapshot.Index).Entry;
        string name = FormattableString.Invariant($"of the snapshot {snapshot.Index}");
        ulong size = entry.VirtualSize ?? _header.VirtualSize;
        Qcow2Damage.Require(size <= Qcow2Geometry.MaxSize, Storage.Path, $"the disk size {name}", size, $"at most {Qcow2Geometry.MaxSize}");

        // If the entry does not state the size (version 2, before QEMU 1.1), the disk may have grown since: what the table does not cover is unallocated.
        long tables = Geometry.TablesFor((long)size);
        tables = entry.VirtualSize is null ? Math.Min(tables, entry.L1Size) : tables;
        RequireL1(Storage, Geometry, entry.L1Size, entry.L1Offset, tables, (long)size, ($"the L1 table's size {name}", $"the L1 table's offset {name}"));
        _header = _header with { VirtualSize = size, L1Size = entry.L1Size, L1TableOffset = entry.L1Offset };
        Map = new Qcow2Map(Storage, _header, Storage.Length, isNew: false);
        if (Files.Count > 0)
        {
            Map.UseDataFile(DataStorage);
        }
    }

    // Only the table entries show how long the file has to be.
    public void Attach(IReadOnlyList<IStorage> files)
    {
        Files = files;
        Map.UseDataFile(DataStorage);
    }

    public override IDisk ToDisk(IDisk? backing) => NeedsFiles
        ? throw new InvalidOperationException("The file that holds the data was not opened.")
        : new Qcow2Disk(this, backing);

    public override void EndWriting()
    {
        if (!IsWritable)
        {
            return;
        }

        RefcountWriter refcounts = RefcountWriter.For(Storage.Path, Geometry, Map.End);
        Map.WriteBack();
        refcounts.Write(Storage, Geometry, _compressedWriter is null ? [] : Map.CompressedPlaces());
        WriteHeader(refcounts);
        _compressedWriter?.Dispose();
        IsFinished = true;
    }

    public override void Dispose()
    {
        foreach (IStorage file in Files)
        {
            file.Dispose();
        }

        base.Dispose();
        Compressed.Dispose();
    }

    private static long BytesBehindHeader(in BackingReference? backing) => HeaderExtension.FrameBytes + (backing is not { } reference ? 0
        : Encoding.UTF8.GetByteCount(reference.Name)
        + (FormatNameOf(reference) is { } format ? new HeaderExtension(HeaderExtension.BackingFormat, (uint)format.Length).PaddedBytes : 0));

    // The field for the compression type may be left out where it would be 0.
    private static uint HeaderLengthFor(QedCompressionType? compression) =>
        (uint)(compression == QedCompressionType.Zstd ? Qcow2Header.SizeWithCompressionType : Qcow2Header.SizeOfVersion3);

    private static int GranuleOf(in Qcow2Geometry geometry, bool storesWhole) =>
        storesWhole ? geometry.ClusterSize : Math.Min(HostPage.Size, geometry.ClusterSize);

    // In a new file the L1 table follows the header's cluster.
    private static long FirstClusterFor(in Qcow2Geometry geometry, long l1Entries) =>
        geometry.StartOf(1 + geometry.ClustersCovering(l1Entries * Qcow2Geometry.EntryBytes));

    // A separate method, so that the zstd library is loaded only where it is needed.
    private static IClusterCompression CompressionOf(in Qcow2Header header) =>
        header.CompressionType == Qcow2Header.Zstd ? new ZstdCompression() : new DeflateCompression();

    private static IClusterPacker PackerOf(in Qcow2Header header) =>
        header.CompressionType == Qcow2Header.Zstd ? new ZstdPacker() : new DeflatePacker();

    private static void Validate(IStorage storage, in Qcow2Header header)
    {
        string path = storage.Path;
        if (header.Version is < 2 or > 3)
        {
            throw QedUnsupportedFormatException.ForFeature(path, Qcow2Format.FormatName, $"version {header.Version} of the format");
        }

        Qcow2Damage.Require(header.ClusterBits is >= 9 and <= 21, path, "cluster_bits", header.ClusterBits, "9 to 21");
        Qcow2Geometry geometry = header.Geometry;
        Qcow2Damage.Require(
            !geometry.HasSubclusters || header.ClusterBits >= Qcow2Geometry.MinClusterBitsForSubclusters,
            path,
            "cluster_bits",
            header.ClusterBits,
            "14 to 21 with extended L2 entries");
        Qcow2Damage.Require(
            header.HeaderLength >= (header.Version < 3 ? Qcow2Header.SizeOfVersion2 : Qcow2Header.SizeOfVersion3) && header.HeaderLength <= geometry.ClusterSize,
            path,
            "header_length",
            header.HeaderLength,
            $"104 to {geometry.ClusterSize}, the size of a cluster");
        Qcow2Damage.Require(header.RefcountOrder <= 6, path, "refcount_order", header.RefcountOrder, "0 to 6");
        Qcow2Damage.Require(header.VirtualSize <= Qcow2Geometry.MaxSize, path, "size", header.VirtualSize, $"at most {Qcow2Geometry.MaxSize}");
        long tables = geometry.TablesFor((long)header.VirtualSize);
        RequireL1(storage, geometry, header.L1Size, header.L1TableOffset, tables, (long)header.VirtualSize, ("l1_size", "l1_table_offset"));
        long maxRefcounts = storage.Length - ((long)header.RefcountTableClusters << geometry.ClusterBits);
        Qcow2Damage.Require(
            header.RefcountTableOffset <= (ulong)Math.Max(0, maxRefcounts) && maxRefcounts >= 0,
            path,
            "refcount_table_offset",
            header.RefcountTableOffset,
            $"one where {header.RefcountTableClusters} clusters are inside the file's {storage.Length} bytes; the file is cut short");
        bool isDeflate = header.CompressionType == Qcow2Header.Deflate;
        Qcow2Damage.Require(
            isDeflate == ((header.Features & Qcow2Features.CompressionType) == 0),
            path,
            "compression_type",
            header.CompressionType,
            isDeflate ? "a value other than 0, as the incompatible feature bit 3 says" : "0 without the incompatible feature bit 3");
    }

    private static void RequireL1(
        IStorage storage, Qcow2Geometry geometry, uint size, ulong offset, long tables, long virtualSize, (string Size, string Offset) fields)
    {
        Qcow2Damage.Require(
            size >= tables, storage.Path, fields.Size, size, $"at least {tables}, which is what a disk of {virtualSize} bytes needs");
        long most = storage.Length - (tables * Qcow2Geometry.EntryBytes);
        Qcow2Damage.Require(
            tables == 0 || (most >= 0 && offset <= (ulong)most && offset >= (ulong)geometry.ClusterSize && geometry.OffsetIn((long)offset) == 0),
            storage.Path,
            fields.Offset,
            offset,
            $"a multiple of {geometry.ClusterSize}, at least that, where {tables} entries are inside the file's {storage.Length} bytes");
    }

    private static void RequireReadable(string path, in Qcow2Header header, Extensions extensions)
    {
        string? feature = header.CryptMethod switch
        {
            0 => null,
            1 => "encryption (AES)",
            2 => "encryption (LUKS)",
            var method => $"encryption by the method {method}",
        };
        feature ??= header.HasDataFile && extensions.DataFile is null ? "an external data file that it does not name" : null;
        feature ??= header.CompressionType > Qcow2Header.Zstd ? $"the compression type {header.CompressionType}" : null;
        if (feature is null && (header.Features & ~Readable) is not Qcow2Features.None and var unknown)
        {
            string? name = extensions.NameOf(unknown);
            feature = $"unknown incompatible features 0x{(ulong)unknown:x}{(name is null ? string.Empty : $" ({name})")}";
        }

        if (feature is not null)
        {
            throw QedUnsupportedFormatException.ForFeature(path, Qcow2Format.FormatName, feature);
        }
    }

    private static BackingReference? ReadBacking(IStorage storage, in Qcow2Header header, Extensions extensions)
    {
        if (header.BackingNameOffset == 0 || header.BackingNameSize == 0)
        {
            return null;
        }

        int clusterSize = header.Geometry.ClusterSize;
        Qcow2Damage.Require(
            header.BackingNameSize <= Qcow2Header.MaxBackingNameSize,
            storage.Path,
            "backing_file_size",
            header.BackingNameSize,
            $"at most {Qcow2Header.MaxBackingNameSize}");
        Qcow2Damage.Require(
            header.BackingNameOffset >= header.HeaderLength && header.BackingNameOffset <= (ulong)Math.Max(0, clusterSize - (int)header.BackingNameSize),
            storage.Path,
            "backing_file_offset",
            header.BackingNameOffset,
            $"an offset that puts the whole name after the header, in the first {clusterSize} bytes");
        byte[] name = new byte[header.BackingNameSize];
        if (storage.Read((long)header.BackingNameOffset, name) < name.Length)
        {
            throw Qcow2Damage.Of(storage.Path, "the name of the backing file", "cut short", $"{name.Length} bytes");
        }

        QedDiskFormat? format = extensions.BackingFormat is not { } formatName ? null
            : FormatNames.TryGetValue(formatName, out QedDiskFormat known) ? known
            : throw QedUnsupportedFormatException.ForFeature(
                storage.Path, Qcow2Format.FormatName, $"a backing file of the format '{PrintableText.Of(formatName)}'");
        return new BackingReference(Encoding.UTF8.GetString(name), format == QedDiskFormat.Raw)
        {
            Format = format == QedDiskFormat.Raw ? null : format,
        };
    }

    private static string? FormatNameOf(BackingReference backing) =>
        (backing.IsRaw ? QedDiskFormat.Raw : backing.Format) is { } kind ? FormatNames.First(pair => pair.Value == kind).Key : null;

    private void WriteHeader(RefcountWriter refcounts)
    {
        byte[] name = Encoding.UTF8.GetBytes(Backing?.Name ?? string.Empty);
        byte[] bytes = new byte[_header.HeaderLength + BytesBehindHeader(Backing)];
        int at = (int)_header.HeaderLength;
        if (Backing is { } backing && FormatNameOf(backing) is { } format)
        {
            HeaderExtension extension = new(HeaderExtension.BackingFormat, (uint)format.Length);
            extension.WriteTo(bytes.AsSpan(at));
            Encoding.ASCII.GetBytes(format).CopyTo(bytes, at + HeaderExtension.FrameBytes);
            at += (int)extension.PaddedBytes;
        }

        at += HeaderExtension.FrameBytes; // the end of the extensions is all zero
        name.CopyTo(bytes, at);
        Qcow2Header header = _header with
        {
            BackingNameOffset = name.Length == 0 ? 0 : (ulong)at,
            BackingNameSize = (uint)name.Length,
            RefcountTableOffset = (ulong)refcounts.Offset,
            RefcountTableClusters = (uint)refcounts.TableClusters,
        };
        header.WriteTo(bytes);
        Storage.Write(0, bytes);
    }

    // The header extensions that matter to a reader.
    private sealed class Extensions
    {
        private const int MaxFormatName = 64;
        private const int FeatureNameBytes = 48;
        private const int MaxFeatureNames = 256;

        // The longest path that Linux allows.
        private const int MaxDataFileName = 4095;

        private byte[] _featureNames = [];

        public string? BackingFormat { get; private set; }

        public string? DataFile { get; private set; }

        public static Extensions Read(IStorage storage, in Qcow2Header header)
        {
            Extensions found = new();
            Span<byte> frame = stackalloc byte[HeaderExtension.FrameBytes];
            long end = header.BackingNameOffset != 0 && header.BackingNameSize != 0
                ? (long)Math.Min(header.BackingNameOffset, 1UL << (int)header.ClusterBits)
                : 1L << (int)header.ClusterBits;
            // Only the file of a disk of 0 bytes can end within its first cluster.
            end = Math.Min(end, storage.Length);
            for (long at = header.HeaderLength; at + HeaderExtension.FrameBytes <= end;)
            {
                storage.ReadExactly(at, frame);
                HeaderExtension extension = HeaderExtension.Parse(frame);
                if (extension.Type == HeaderExtension.End)
                {
                    break;
                }

                long room = end - at - HeaderExtension.FrameBytes;
                Qcow2Damage.Require(
                    extension.Length <= room, storage.Path, $"the length of the header extension 0x{extension.Type:x8}", extension.Length, $"at most {room}");
                if (extension.Type == HeaderExtension.BackingFormat)
                {
                    byte[] name = new byte[Math.Min(MaxFormatName, extension.Length)];
                    storage.ReadExactly(at + HeaderExtension.FrameBytes, name);
                    found.BackingFormat = Encoding.UTF8.GetString(name);
                }
                else if (extension.Type == HeaderExtension.DataFileName)
                {
                    Qcow2Damage.Require(
                        extension.Length <= MaxDataFileName, storage.Path, "the length of the data file's name", extension.Length, $"at most {MaxDataFileName}");
                    byte[] name = new byte[extension.Length];
                    storage.ReadExactly(at + HeaderExtension.FrameBytes, name);
                    found.DataFile = Encoding.UTF8.GetString(name);
                }
                else if (extension.Type == HeaderExtension.FeatureNames)
                {
                    found._featureNames = new byte[Math.Min(MaxFeatureNames * FeatureNameBytes, extension.Length)];
                    storage.ReadExactly(at + HeaderExtension.FrameBytes, found._featureNames);
                }

                at += extension.PaddedBytes;
            }

            return found;
        }

        // An entry: a byte for the kind of feature (0: incompatible), one for the bit, 46 for the name, padded with NUL.
        public string? NameOf(Qcow2Features features)
        {
            List<string> names = [];
            for (int at = 0; at + FeatureNameBytes <= _featureNames.Length; at += FeatureNameBytes)
            {
                if (_featureNames[at] == 0 && _featureNames[at + 1] < 64 && ((ulong)features & (1UL << _featureNames[at + 1])) != 0)
                {
                    names.Add(PrintableText.Of(Encoding.UTF8.GetString(_featureNames, at + 2, FeatureNameBytes - 2).TrimEnd('\0')));
                }
            }

            return names.Count == 0 ? null : string.Join(", ", names);
        }
    }
}
