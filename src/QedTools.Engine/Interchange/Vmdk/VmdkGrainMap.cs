using System;
using System.Buffers.Binary;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>Where the grains of an extent are, in sectors.</summary>
internal abstract class VmdkGrainMap
{
    /// <summary>A grain's entry.</summary>
    /// <param name="index">The grain's number on the disk.</param>
    /// <exception cref="QedException">The tables could not be read or point outside the file.</exception>
    public abstract uint this[long index] { get; }

    /// <summary>How many grains from one on form one run, as far as is known without reading on: none is there, or all are contiguous.</summary>
    /// <param name="index">The first grain's number on the disk.</param>
    /// <param name="most">How many to look at; at least 1, not beyond the end of the disk.</param>
    /// <param name="entry">The first grain's entry.</param>
    /// <returns>1 to <paramref name="most"/>.</returns>
    /// <exception cref="QedException">As for an entry.</exception>
    public abstract long CountRun(long index, long most, out uint entry);

    /// <summary>The map of an extent that is read: its tables may be anywhere.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="grains">Its sizes.</param>
    /// <param name="directoryOffset">Where the grain directory is, in bytes.</param>
    /// <param name="tables">How many entries the directory has.</param>
    /// <param name="hasZeroedGrains">Whether an entry of 1 is a grain of zeroes.</param>
    /// <param name="kept">Keeps tables that were read.</param>
    internal sealed class OfExtent(
        IStorage storage, VmdkGrains grains, long directoryOffset, long tables, bool hasZeroedGrains, VmdkTables kept) : VmdkGrainMap
    {
        private readonly long _fileLength = storage.Length;
        private readonly BlockTable _directory = new(storage, directoryOffset, tables, isBigEndian: false);

        public override uint this[long index] =>
            TableAt(_directory[index / grains.EntriesPerTable], index) is { Length: > 0 } table ? table[index % grains.EntriesPerTable] : VmdkGrains.Unused;

        public override long CountRun(long index, long most, out uint entry)
        {
            int within = (int)(index % grains.EntriesPerTable);
            long alike = _directory.CountAlike(
                index / grains.EntriesPerTable, ((within + most - 1) / grains.EntriesPerTable) + 1, out uint sector);
            uint[] table = TableAt(sector, index);
            if (table.Length == 0)
            {
                entry = VmdkGrains.Unused;
                return Math.Min(most, (alike * grains.EntriesPerTable) - within);
            }

            entry = table[within];
            bool isThere = entry != VmdkGrains.Unused && !(hasZeroedGrains && entry == VmdkGrains.Zeroed);
            int step = isThere ? grains.SectorsPerGrain : 0;
            long next = (long)entry + step;
            long end = Math.Min(table.Length, within + most);
            int at = within + 1;
            while (at < end && table[at] == next)
            {
                at++;
                next += step;
            }

            return at - within;
        }

        // Empty for a table without any grain, so that a file whose directory points to it a million times does not cost time.
        private uint[] TableAt(uint sector, long index)
        {
            if (sector == VmdkGrains.Unused)
            {
                return [];
            }

            if (kept.TryGet(this, sector) is not { } table)
            {
                table = Load(sector, index / grains.EntriesPerTable);
                kept.Keep(this, sector, table);
            }

            return table;
        }

        private uint[] Load(uint sector, long number)
        {
            byte[] bytes = new byte[grains.TableBytes];
            long offset = (long)sector * Sector.Size;
            if (offset + bytes.Length > _fileLength)
            {
                throw new QedDamagedFileException(
                    storage.Path,
                    VmdkFormat.FormatName,
                    string.Format(CultureInfo.InvariantCulture, "entry {0} of the grain directory", number),
                    sector,
                    $"0, or the sector of a table inside the file's {_fileLength} bytes");
            }

            storage.ReadExactly(offset, bytes);
            if (ZeroScan.IsZero(bytes))
            {
                return [];
            }

            uint[] table = new uint[grains.EntriesPerTable];
            for (int i = 0; i < table.Length; i++)
            {
                table[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)));
            }

            return table;
        }
    }

    /// <summary>The map of an extent that is being created: all tables are contiguous, in two copies.</summary>
    /// <param name="first">The tables of the grain directory.</param>
    /// <param name="second">Those of the second one.</param>
    internal sealed class OfNewExtent(BlockTable first, BlockTable second) : VmdkGrainMap
    {
        public override uint this[long index] => first[index];

        public override long CountRun(long index, long most, out uint entry) =>
            first.CountAlike(index, most, out entry) is var alike && entry == VmdkGrains.Unused ? alike : 1;

        /// <summary>Sets where a grain is.</summary>
        /// <exception cref="QedException">The file could not be read or written.</exception>
        public void Set(long index, uint sector)
        {
            first[index] = sector;
            second[index] = sector;
        }

        /// <summary>Writes what is still in memory.</summary>
        /// <exception cref="QedException">The file could not be written.</exception>
        public void WriteBack()
        {
            first.WriteBack();
            second.WriteBack();
        }
    }
}
