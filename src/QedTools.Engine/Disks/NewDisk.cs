namespace QedTools.Disks;

/// <summary>How a new disk of some format is to be. What is null is left to the format (<see cref="IDiskFormat.Settle"/>).</summary>
/// <param name="VirtualSize">Its size, in bytes.</param>
internal readonly record struct NewDisk(long VirtualSize)
{
    /// <summary>The unit in which the file is allocated, where the format calls it a cluster (QED, qcow2), in bytes.</summary>
    public long? ClusterSize { get; init; }

    /// <summary>A table's size, in clusters (QED).</summary>
    public int? TableSize { get; init; }

    /// <summary>The unit in which the file is allocated, where the format calls it a block (VHD, VHDX, VDI), in bytes.</summary>
    public long? BlockSize { get; init; }

    /// <summary>The size of the sectors that the disk shows, in bytes (VHDX).</summary>
    public int? SectorSize { get; init; }

    /// <summary>Whether the file is as long as the disk from the start, where a format has both kinds.</summary>
    public bool IsFixed { get; init; }

    /// <summary>
    /// Whether the programs that the format belongs to refuse a file that its host marks as one that may have holes. Only
    /// Windows marks files so.
    /// </summary>
    public bool RefusesSparseFile { get; init; }

    /// <summary>The name that the file is to get, without a folder, where a format records it; null elsewhere.</summary>
    public string? FileName { get; init; }

    /// <summary>The backing file to name, or null.</summary>
    public BackingReference? Backing { get; init; }

    /// <summary>Refuses what was asked for and the format does not have.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="formatName">The format's name.</param>
    /// <param name="allowed">What the format has.</param>
    /// <exception cref="QedLimitException">Something else was asked for.</exception>
    public void RequireOnly(string path, string formatName, NewDiskChoices allowed)
    {
        Refuse(ClusterSize, NewDiskChoices.ClusterSize, nameof(ClusterSize));
        Refuse(TableSize, NewDiskChoices.TableSize, nameof(TableSize));
        Refuse(BlockSize, NewDiskChoices.BlockSize, nameof(BlockSize));
        Refuse(SectorSize, NewDiskChoices.SectorSize, nameof(SectorSize));
        Refuse(IsFixed ? true : null, NewDiskChoices.Fixed, nameof(IsFixed));
        Refuse(Backing?.Name, NewDiskChoices.Backing, "BackingFile");

        void Refuse(object? value, NewDiskChoices choice, string parameter)
        {
            if (value is not null && (allowed & choice) == 0)
            {
                throw QedLimitException.ForFormat(path, parameter, value, formatName);
            }
        }
    }
}
