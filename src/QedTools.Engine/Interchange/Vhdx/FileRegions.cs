using System;
using System.Collections.Generic;
using System.Globalization;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Interchange.Vhdx;

/// <summary>The parts of a VHDX file where no block may be: the header section, the log and the regions ([MS-VHDX], 2.1 and 2.2.3.2).</summary>
internal sealed class FileRegions
{
    /// <summary>The header section's length, in bytes.</summary>
    public const long HeaderSectionLength = 1 << 20;

    private readonly List<FileRegion> _regions = [new FileRegion("the header section", 0, HeaderSectionLength)];

    /// <param name="path">The file, for messages.</param>
    /// <param name="fileLength">Its length, in bytes.</param>
    /// <param name="header">Its header.</param>
    /// <param name="entries">Its region table.</param>
    /// <exception cref="QedDamagedFileException">A region is missing, misplaced, or overlaps another one.</exception>
    /// <exception cref="QedUnsupportedFormatException">A required region is not known.</exception>
    public FileRegions(string path, long fileLength, in VhdxHeader header, IReadOnlyList<RegionTableEntry> entries)
    {
        _regions.Add(LogOf(path, fileLength, header));
        foreach (RegionTableEntry entry in entries)
        {
            string name = entry.Guid == RegionTableEntry.Bat ? "the BAT region"
                : entry.Guid == RegionTableEntry.Metadata ? "the metadata region"
                : $"the region {entry.Guid}";
            if (entry.IsRequired && entry.Guid != RegionTableEntry.Bat && entry.Guid != RegionTableEntry.Metadata)
            {
                throw QedUnsupportedFormatException.ForFeature(path, VhdxFormat.FormatName, $"the required region {entry.Guid}");
            }

            FileRegion region = Checked(path, fileLength, name, $"FileOffset of {name}", entry.FileOffset, $"Length of {name}", entry.Length);
            _regions.Add(region);
            if (entry.Guid == RegionTableEntry.Bat)
            {
                VhdxDamage.Require(Bat.Length == 0, path, "the number of BAT regions", 2, "1");
                Bat = region;
            }
            else if (entry.Guid == RegionTableEntry.Metadata)
            {
                VhdxDamage.Require(Metadata.Length == 0, path, "the number of metadata regions", 2, "1");
                Metadata = region;
            }
        }

        VhdxDamage.Require(Bat.Length > 0, path, "the number of BAT regions", 0, "1");
        VhdxDamage.Require(Metadata.Length > 0, path, "the number of metadata regions", 0, "1");
        _regions.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < _regions.Count; i++)
        {
            if (_regions[i].Start < _regions[i - 1].End)
            {
                throw VhdxDamage.Of(path, $"the offset of {_regions[i].Name}", _regions[i].Start, string.Format(
                    CultureInfo.InvariantCulture, "one after the end of {0} at {1}", _regions[i - 1].Name, _regions[i - 1].End));
            }
        }
    }

    /// <summary>The region that holds the block allocation table.</summary>
    public FileRegion Bat { get; }

    /// <summary>The region that holds the metadata.</summary>
    public FileRegion Metadata { get; }

    /// <summary>Where the log is.</summary>
    /// <exception cref="QedDamagedFileException">It is misplaced.</exception>
    public static FileRegion LogOf(string path, long fileLength, in VhdxHeader header) =>
        Checked(path, fileLength, "the log", "LogOffset", header.LogOffset, "LogLength", header.LogLength);

    /// <summary>The region that a range of the file overlaps; null if there is none.</summary>
    /// <param name="start">Where it begins in the file, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    public FileRegion? At(long start, long length)
    {
        int low = 0;
        int high = _regions.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_regions[middle].End <= start)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < _regions.Count && _regions[low].Start < start + length ? _regions[low] : null;
    }

    private static FileRegion Checked(
        string path, long fileLength, string name, string offsetField, ulong offset, string lengthField, uint length)
    {
        VhdxDamage.Require(
            length > 0 && length % VhdxGeometry.Alignment == 0, path, lengthField, length, "a multiple of 1 MiB (1048576), at least that");
        VhdxDamage.Require(
            offset % VhdxGeometry.Alignment == 0 && offset >= (ulong)HeaderSectionLength && offset <= (ulong)Math.Max(0, fileLength - length),
            path,
            offsetField,
            offset,
            $"a multiple of 1 MiB (1048576), at least that, where all {length} bytes are inside the file's {fileLength}");
        return new FileRegion(name, (long)offset, length);
    }
}
