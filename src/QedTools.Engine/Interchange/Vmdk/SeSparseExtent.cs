using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A space-efficient sparse extent, which ESXi servers create as deltas over a parent (seSparse).</summary>
internal sealed class SeSparseExtent : VmdkExtent
{
    private readonly SeSparseMap _map;

    private SeSparseExtent(IStorage storage, SeSparseHeader header)
        : base(storage)
    {
        Length = (long)header.Capacity * Sector.Size;
        _map = new SeSparseMap(storage, header);
    }

    public override long Length { get; }

    public override int GrainSize => SeSparseMap.GrainSize;

    /// <summary>Reads and validates the header of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It uses something that is not known, or its journal was not written back.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static SeSparseExtent Open(IStorage storage)
    {
        const ulong MaxSectors = long.MaxValue / Sector.Size / 2;
        SeSparseHeader header = SeSparseHeader.Read(storage);
        if (header.Capacity is 0 or > MaxSectors)
        {
            throw Damaged(storage, "capacity", header.Capacity, FormattableString.Invariant($"1 to {MaxSectors} sectors"));
        }

        ulong fileSectors = (ulong)storage.Length / Sector.Size;
        ulong tables = ((header.Capacity - 1) / (SeSparseHeader.GrainSectors * SeSparseMap.EntriesPerTable)) + 1;
        ulong needed = ((tables * sizeof(ulong)) + Sector.Size - 1) / Sector.Size;
        if (header.DirectorySize < needed)
        {
            throw Damaged(storage, "the size of the grain directory", header.DirectorySize, FormattableString.Invariant($"at least {needed} sectors"));
        }

        RequireInFile("the offset of the grain directory", header.DirectoryOffset, needed);
        RequireInFile("the offset of the grain tables", header.TablesOffset, 0);
        RequireInFile("the offset of the grains", header.GrainsOffset, 0);
        return new SeSparseExtent(storage, header);

        void RequireInFile(string field, ulong sector, ulong sectors)
        {
            if (sector > fileSectors || sectors > fileSectors - sector)
            {
                throw Damaged(storage, field, sector, FormattableString.Invariant($"one with {sectors} sectors inside the file's {fileSectors}"));
            }
        }
    }

    public override IDisk ToDisk(IDisk? parent) => new Disk(Storage, _map, Length, parent);

    private sealed class Disk(IStorage storage, SeSparseMap map, long length, IDisk? parent)
        : InterchangeDisk(storage, VmdkFormat.FormatName, isNew: false, parent)
    {
        public override long Length => length;

        protected override DiskRun GetRun(long offset, long length) => map.GetRun(offset, length);
    }
}
