namespace QedTools.Disks;

/// <summary>A request for a new disk, whatever its format. What is null is left to the format (<see cref="IDiskFormat.Resolve"/>).</summary>
/// <param name="VirtualSize">Its size, in bytes; the format rounds it up to one that it supports.</param>
internal readonly record struct DiskRequest(long VirtualSize)
{
    /// <summary>The unit in which the file is allocated, where the format calls it a cluster (QED, qcow2), in bytes.</summary>
    public long? ClusterSize { get; init; }

    /// <summary>A table's size, in clusters (QED).</summary>
    public int? TableSize { get; init; }

    /// <summary>The unit in which the file is allocated, where the format calls it a block (VHD, VHDX, VDI), in bytes.</summary>
    public long? BlockSize { get; init; }

    /// <summary>The size of the sectors that the disk presents, in bytes (VHDX).</summary>
    public int? SectorSize { get; init; }

    /// <summary>The size of the sectors that the source shows, in bytes, which the disk keeps where its format can; 0 if there is no source.</summary>
    public int SourceSectorSize { get; init; }

    /// <summary>Whether the file has its full length from the start, where a format has both kinds.</summary>
    public bool IsFixed { get; init; }

    /// <summary>The disk controller that the file names (VMDK).</summary>
    public QedAdapterType? AdapterType { get; init; }

    /// <summary>The backing file to name, or null.</summary>
    public BackingReference? Backing { get; init; }

    /// <summary>How the data is compressed; null: not at all.</summary>
    public QedCompressionType? Compression { get; init; }

    /// <summary>What the backing file is; null before it has been examined.</summary>
    public BackingFacts? BackingFacts { get; init; }

    /// <summary>What to record about the backing file's format, as the request names it; null if nothing was requested.</summary>
    public string? BackingFormat { get; init; }

    /// <summary>Refuses requests that the format does not support.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="formatName">The format's name.</param>
    /// <param name="allowed">What the format supports.</param>
    /// <exception cref="QedRequestException">Something else was requested.</exception>
    public void RequireOnly(string path, string formatName, DiskChoices allowed)
    {
        Refuse(ClusterSize, DiskChoices.ClusterSize, nameof(ClusterSize));
        Refuse(TableSize, DiskChoices.TableSize, nameof(TableSize));
        Refuse(BlockSize, DiskChoices.BlockSize, nameof(BlockSize));
        Refuse(SectorSize, DiskChoices.SectorSize, nameof(SectorSize));
        Refuse(IsFixed ? true : null, DiskChoices.Fixed, nameof(IsFixed));
        Refuse(Compression, DiskChoices.Compression, "Compress");
        Refuse(AdapterType, DiskChoices.AdapterType, nameof(AdapterType));
        Refuse(Backing?.Name, DiskChoices.Backing, "BackingFile");
        Refuse(BackingFormat, DiskChoices.BackingFormat, nameof(BackingFormat));

        void Refuse(object? value, DiskChoices choice, string parameter)
        {
            if (value is not null && (allowed & choice) == 0)
            {
                throw QedRequestException.ForFormat(path, parameter, value, formatName);
            }
        }
    }
}
