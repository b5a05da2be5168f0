using System;
using System.Buffers.Binary;
using System.Globalization;
using QedTools.Disks;

namespace QedTools.Qed.Format;

/// <summary>The 64 bytes at the start of an image, field by field (QED specification, "Header"; little-endian).</summary>
/// <param name="ClusterSize">A cluster's size, in bytes.</param>
/// <param name="TableSize">A table's size, in clusters.</param>
/// <param name="HeaderSize">The header's size, in clusters.</param>
/// <param name="Features">Features that a program must know to open the image.</param>
/// <param name="CompatFeatures">Features that a program may ignore.</param>
/// <param name="AutoclearFeatures">Features that a program must clear before it changes the image, unless it knows them.</param>
/// <param name="L1TableOffset">Where the L1 table is, in bytes.</param>
/// <param name="ImageSize">The virtual size, in bytes.</param>
/// <param name="BackingNameOffset">Where the backing file's name is, in bytes from the start of the file.</param>
/// <param name="BackingNameSize">The name's length, in bytes; not NUL-terminated.</param>
internal readonly record struct QedHeader(
    uint ClusterSize,
    uint TableSize,
    uint HeaderSize,
    QedFeatures Features,
    ulong CompatFeatures,
    ulong AutoclearFeatures,
    ulong L1TableOffset,
    ulong ImageSize,
    uint BackingNameOffset,
    uint BackingNameSize)
{
    /// <summary>The header's size on disk, in bytes.</summary>
    public const int Size = 64;

    /// <summary>"QED\0" as a little-endian number.</summary>
    public const uint Magic = 0x00444551;

    /// <summary>The longest backing name that is written, in bytes: every version of QEMU reads it.</summary>
    public const int MaxNewBackingNameSize = 1023;

    /// <summary>The longest backing name that is read, in bytes: QEMU's own limit, and that of every host for a path.</summary>
    public const int MaxBackingNameSize = 4095;

    private const QedFeatures KnownFeatures = QedFeatures.BackingFile | QedFeatures.NeedCheck | QedFeatures.BackingFormatNoProbe;

    /// <summary>The cluster and table sizes; only for a validated header.</summary>
    public QedGeometry Geometry => new((int)ClusterSize, (int)TableSize);

    /// <summary>The virtual size, in bytes; only for a validated header.</summary>
    public long VirtualSize => (long)ImageSize;

    /// <summary>The header clusters' size, in bytes.</summary>
    public long HeaderBytes => (long)HeaderSize * ClusterSize;

    /// <summary>Whether the image names a backing file.</summary>
    public bool HasBackingFile => (Features & QedFeatures.BackingFile) != 0 && BackingNameSize != 0;

    /// <summary>Whether the image was not closed cleanly.</summary>
    public bool NeedsCheck => (Features & QedFeatures.NeedCheck) != 0;

    /// <summary>Whether the first bytes of a file are those of a QED image.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) =>
        start.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start) == Magic;

    /// <summary>Reads the fields without validating them, except for the magic number and the length.</summary>
    /// <param name="bytes">The first bytes of the file: 64, or all there are.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="fileLength">Its length, in bytes.</param>
    /// <exception cref="QedNotAnImageException">It does not begin with the magic number.</exception>
    /// <exception cref="QedTruncatedException">It ends before the header does.</exception>
    public static QedHeader Parse(ReadOnlySpan<byte> bytes, string path, long fileLength)
    {
        if (!HasMagic(bytes))
        {
            throw new QedNotAnImageException(path, Describe(bytes));
        }

        if (bytes.Length < Size)
        {
            throw new QedTruncatedException(path, fileLength);
        }

        return new QedHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(12)),
            (QedFeatures)BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(16)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(24)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(40)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(56)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(60)));
    }

    /// <summary>Writes the header as it is stored at the start of a file.</summary>
    /// <param name="destination">At least 64 bytes.</param>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(4), ClusterSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(8), TableSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(12), HeaderSize);
        BinaryPrimitives.WriteInt64LittleEndian(destination.Slice(16), (long)Features);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(24), CompatFeatures);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(32), AutoclearFeatures);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(40), L1TableOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(48), ImageSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(56), BackingNameOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(60), BackingNameSize);
    }

    /// <summary>Checks every limit of the format, and that the header is inside the file and the L1 table begins inside it.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="fileLength">Its length, in bytes.</param>
    /// <exception cref="QedInterruptedRestoreException">Undoing a repair of the image was interrupted.</exception>
    /// <exception cref="QedUnsupportedFeatureException">Unknown features are set.</exception>
    /// <exception cref="QedHeaderException">A field has a value that is not allowed; the first such field is named.</exception>
    public void Validate(string path, long fileLength)
    {
        if ((Features & ~KnownFeatures) is not 0 and var unknown)
        {
            throw unknown == QedFeatures.RestoreInProgress
                ? new QedInterruptedRestoreException(path)
                : QedUnsupportedFeatureException.ForOpening(path, (ulong)unknown);
        }

        Require(QedGeometry.IsClusterSize(ClusterSize), "cluster_size", ClusterSize, "a power of two from 4096 to 67108864 bytes");
        Require(QedGeometry.IsTableSize(TableSize), "table_size", TableSize, "1, 2, 4, 8 or 16 clusters");

        QedGeometry geometry = Geometry;
        ImageLayout layout = new(geometry, HeaderBytes, fileLength);
        long fileClusters = layout.AddressableClusters;
        Require(
            HeaderSize != 0 && HeaderSize <= fileClusters,
            "header_size", HeaderSize, fileClusters == 0 ? "1 or more clusters inside the file, which is shorter than one cluster" : $"1 to {fileClusters} clusters, the length of the file");

        // The same rule as for a table that an L1 entry points to: aligned, after the header, inside the file.
        string problem = new ClusterEntry(L1TableOffset).ProblemIn(layout, (int)TableSize) switch
        {
            EntryProblem.None or EntryProblem.CutShort => string.Empty,
            EntryProblem.ReservedBits or EntryProblem.Misaligned => "a multiple of the cluster size",
            EntryProblem.InsideHeader => $"an offset after the header, at least {HeaderBytes}",
            _ => $"an offset inside the file's {fileLength} bytes",
        };
        Require(problem.Length == 0, "l1_table_offset", L1TableOffset, problem);

        Require(ImageSize % Sector.Size == 0, "image_size", ImageSize, "a multiple of 512 bytes");
        Require(
            ImageSize <= (ulong)geometry.MaxVirtualSize,
            "image_size", ImageSize, $"at most {geometry.MaxVirtualSize} bytes with this cluster and table size");

        if ((Features & QedFeatures.BackingFile) != 0 && BackingNameSize != 0)
        {
            Require(
                BackingNameSize <= MaxBackingNameSize,
                "backing_filename_size", BackingNameSize, $"at most {MaxBackingNameSize} bytes");
            Require(
                BackingNameOffset >= Size && BackingNameOffset + (long)BackingNameSize <= HeaderBytes,
                "backing_filename_offset", BackingNameOffset, $"an offset that puts the whole name between {Size} and {HeaderBytes}, inside the header");
        }

        void Require(bool holds, string field, ulong value, string allowed)
        {
            if (!holds)
            {
                throw new QedHeaderException(path, field, value, allowed);
            }
        }
    }

    private static string Describe(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
        {
            return "is empty";
        }

        string text = "begins with the bytes";
        foreach (byte b in start.Slice(0, Math.Min(4, start.Length)))
        {
            text += " " + b.ToString("x2", CultureInfo.InvariantCulture);
        }

        return text + ", not with \"QED\\0\"";
    }
}
