using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>Finds what the file holds of the disk, from its L1 table and its L2 tables; every entry is checked when it is used.</summary>
internal sealed class Qcow2Map
{
    private const int MaxPageBytes = 64 << 10;
    private const int L1PagesBytes = 2 << 20;
    private const int L2PagesBytes = 14 << 20;

    // The most table ranges that one run may be made of, so that no file can make a lookup take long.
    private const int MaxStretches = 64;

    private readonly string _path;
    private readonly Qcow2Geometry _geometry;
    private readonly Qcow2Header _header;
    private readonly PageCache<ulong> _l1Pages;
    private readonly PageCache<ulong> _l2Pages;
    private readonly long _l1Offset;
    private readonly long _tables;

    // Where the data of uncompressed clusters is: meaningless for a file that is being created.
    private string _dataPath;
    private long _dataEnd;

    // Where the next compressed cluster of a new file goes if it fits in there.
    private long _compressedEnd;
    private long _compressedRoomEnd;

    /// <param name="storage">The file.</param>
    /// <param name="header">Its header, validated.</param>
    /// <param name="end">Where the file ends, in bytes; for a new one, where it ends so far.</param>
    /// <param name="isNew">Whether the file is being created.</param>
    public Qcow2Map(IStorage storage, in Qcow2Header header, long end, bool isNew)
    {
        _path = storage.Path;
        _header = header;
        _geometry = header.Geometry;
        _l1Offset = (long)header.L1TableOffset;
        _tables = Math.Min(header.L1Size, _geometry.TablesFor((long)header.VirtualSize));

        // A page is never larger than a cluster, so it never holds parts of two tables, as tables begin at cluster boundaries.
        int pageBytes = Math.Min(MaxPageBytes, _geometry.ClusterSize);
        PageReader read = isNew ? PageReaders.OfNew(storage) : PageReaders.Until(storage, end);
        _l1Pages = new PageCache<ulong>(storage, read, new PageLayout(pageBytes, L1PagesBytes / pageBytes) { IsBigEndian = true });
        _l2Pages = new PageCache<ulong>(storage, read, new PageLayout(pageBytes, L2PagesBytes / pageBytes) { IsBigEndian = true });
        End = end;
        _dataPath = storage.Path;
        _dataEnd = end;
    }

    /// <summary>Where the file ends, in bytes: nothing can be past it, and a new file's next cluster goes there.</summary>
    public long End { get; private set; }

    /// <summary>How many L2 tables of a new file are allocated together: small ones many at once, so that data that is written in order stays together.</summary>
    /// <param name="geometry">The file's sizes.</param>
    public static int TablesAtOnce(in Qcow2Geometry geometry) => Math.Max(1, MaxPageBytes / geometry.ClusterSize);

    /// <summary>Sets where the disk's data is, if that is not the file that holds the tables.</summary>
    /// <param name="storage">The external data file.</param>
    public void UseDataFile(IStorage storage)
    {
        _dataPath = storage.Path;
        _dataEnd = storage.Length;
    }

    private long L1End => _l1Offset + (_tables * Qcow2Geometry.EntryBytes);

    /// <summary>What the file holds from an offset on.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the disk's end.</param>
    /// <returns>A run of at most that length; what follows it may continue it.</returns>
    /// <exception cref="QedDamagedFileException">An entry is not allowed.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public DiskRun GetRun(long offset, long length)
    {
        long end = offset + length;
        long at = offset;
        ClusterKind kind = ClusterKind.Unallocated;
        long place = 0;
        for (int stretches = 0; at < end && stretches < MaxStretches; stretches++)
        {
            long cluster = _geometry.IndexOf(at);
            long most = _geometry.IndexOf(end - 1) - cluster + 1;
            ReadOnlySpan<ulong> entries = EntriesFrom(cluster, most, out long unallocated);
            if (unallocated > 0)
            {
                if (at > offset && kind != ClusterKind.Unallocated)
                {
                    break;
                }

                at = unallocated >= most ? end : _geometry.StartOf(cluster + unallocated);
                continue;
            }

            for (; entries.Length > 0; entries = entries.Slice(_geometry.L2EntryWords), cluster++)
            {
                L2Entry entry = L2Entry.Of(entries, _geometry.HasSubclusters);
                Require(entry, cluster);
                long endOfCluster = EndOf(cluster, end);
                while (at < endOfCluster)
                {
                    int subcluster = _geometry.SubclusterOf(at);
                    ClusterKind here = entry.KindOf(subcluster, _header.HasDataFile);
                    long placeHere = here == ClusterKind.Data ? entry.Cluster.FileOffset + _geometry.OffsetIn(at) : 0;
                    if (at == offset)
                    {
                        kind = here;
                        place = placeHere;
                    }
                    else if (here != kind || (here == ClusterKind.Data && placeHere != place + (at - offset)))
                    {
                        return Run();
                    }

                    long alike = ((long)entry.CountAlike(subcluster) * _geometry.SubclusterSize) - (_geometry.OffsetIn(at) % _geometry.SubclusterSize);
                    at += Math.Min(endOfCluster - at, alike);
                }
            }
        }

        return Run();

        DiskRun Run() => kind switch
        {
            ClusterKind.Data => new DiskRun(QedExtentState.Data, place, at - offset),
            ClusterKind.Compressed => new DiskRun(QedExtentState.Data, DiskExtent.Packed, at - offset),
            _ => DiskRun.Without(kind == ClusterKind.Zero ? QedExtentState.Zero : QedExtentState.Unallocated, at - offset),
        };
    }

    /// <summary>Where the data of a compressed cluster is.</summary>
    /// <param name="cluster">The cluster, which <see cref="GetRun"/> reported as compressed.</param>
    /// <exception cref="QedDamagedFileException">It is outside the file.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public CompressedPlace CompressedAt(long cluster)
    {
        TableEntry entry = new(EntriesFrom(cluster, 1, out _)[0]);
        CompressedPlace place = entry.CompressedPlace(_geometry.ClusterBits);
        return place.FileOffset < End && place.FileOffset >= _header.HeaderLength
            ? place with { MaxBytes = (int)Math.Min(place.MaxBytes, End - place.FileOffset) }
            : throw Damaged(cluster, entry, $"one whose data is inside the file's {End} bytes");
    }

    /// <summary>Allocates contiguous clusters at the end of a new file, and before them the L2 tables that they need.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many; none of them is allocated yet.</param>
    /// <returns>Where the first one is, in bytes.</returns>
    /// <exception cref="QedLimitException">The file would get too long for the format.</exception>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public long Allocate(long first, long count)
    {
        RequireTables(first, count);
        long start = Append(count);
        SetPlace(first, count, start);
        return start;
    }

    /// <summary>Gives clusters of a new file their place.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many; none of them has a place yet.</param>
    /// <param name="start">Where the first one is in the file, in bytes; the others follow it.</param>
    /// <exception cref="QedException">As for <see cref="Allocate"/>.</exception>
    public void SetPlace(long first, long count, long start)
    {
        RequireTables(first, count);
        for (long i = 0; i < count; i++)
        {
            SetEntry(first + i, TableEntry.OnlyReferenceTo(start + _geometry.StartOf(i)));
        }
    }

    /// <summary>Extends a new file by clusters that nothing refers to yet.</summary>
    /// <param name="clusters">How many.</param>
    /// <returns>Where the first one is, in bytes.</returns>
    /// <exception cref="QedLimitException">The file would get too long for the format.</exception>
    public long Append(long clusters)
    {
        long start = End;
        End = checked(start + _geometry.StartOf(clusters));
        return End <= Qcow2Geometry.MaxFileLength
            ? start
            : throw new QedLimitException(_path, "FileLength", End, $"up to {Qcow2Geometry.MaxFileLength} bytes in a qcow2 file");
    }

    /// <summary>Gives a compressed cluster of a new file its place: behind the last one, at any byte, and in the same cluster of the file where it fits.</summary>
    /// <param name="cluster">The cluster, which is without a place.</param>
    /// <param name="length">How many bytes its data has: 1 to less than a cluster.</param>
    /// <returns>Where the data is to go, in bytes.</returns>
    /// <exception cref="QedException">As for <see cref="Allocate"/>.</exception>
    public long AllocateCompressed(long cluster, int length)
    {
        RequireTables(cluster, 1);
        if (length > _compressedRoomEnd - _compressedEnd)
        {
            // What is left is of use only if nothing else came behind it.
            if (_compressedRoomEnd != End)
            {
                _compressedEnd = End;
            }

            Append(_geometry.ClustersCovering(length - (End - _compressedEnd)));
            _compressedRoomEnd = End;
        }

        long place = _compressedEnd;
        long most = TableEntry.CompressedEnd(_geometry.ClusterBits);
        if (place >= most)
        {
            throw new QedLimitException(_path, "FileLength", place, $"up to {most} bytes in a compressed qcow2 file with clusters of {_geometry.ClusterSize}");
        }

        _compressedEnd += length;
        SetEntry(cluster, TableEntry.OfCompressed(place, length, _geometry.ClusterBits));
        return place;
    }

    /// <summary>Where the data of all compressed clusters is, in the order of the disk.</summary>
    /// <exception cref="QedException">The tables could not be read.</exception>
    public IEnumerable<CompressedPlace> CompressedPlaces()
    {
        for (long cluster = NextCompressed(0); cluster >= 0; cluster = NextCompressed(cluster + 1))
        {
            yield return CompressedAt(cluster);
        }
    }

    /// <summary>Makes clusters of a new file zero; none of them is allocated yet.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="QedException">As for <see cref="Allocate"/>.</exception>
    public void SetZero(long first, long count)
    {
        RequireTables(first, count);
        for (long i = 0; i < count; i++)
        {
            SetEntry(first + i, TableEntry.Zero);
        }
    }

    /// <summary>Writes the parts of a new file's tables that are only in memory.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack()
    {
        _l2Pages.WriteBack();
        _l1Pages.WriteBack();
    }

    // The first compressed cluster from one on; -1 if there is none.
    private long NextCompressed(long cluster)
    {
        long end = _geometry.ClustersCovering((long)_header.VirtualSize);
        while (cluster < end)
        {
            ReadOnlySpan<ulong> entries = EntriesFrom(cluster, end - cluster, out long unallocated);
            for (int i = 0; i < entries.Length; i += _geometry.L2EntryWords)
            {
                if (new TableEntry(entries[i]).IsCompressed)
                {
                    return cluster + (i / _geometry.L2EntryWords);
                }
            }

            cluster += unallocated + (entries.Length / _geometry.L2EntryWords);
        }

        return -1;
    }

    // The entries from a cluster on, as many as are wanted and in one place; or how many clusters have no table, at least 1.
    private ReadOnlySpan<ulong> EntriesFrom(long cluster, long most, out long unallocated)
    {
        long table = _geometry.TableOf(cluster);
        int index = _geometry.EntryOf(cluster);
        if (table >= _tables)
        {
            unallocated = most;
            return default;
        }

        ReadOnlySpan<ulong> tables = _l1Pages.From(L1OffsetOf(table));
        TableEntry entry = new(tables[0]);
        if (entry.Value == 0)
        {
            long empty = EntryScan.CountEqual(tables.Slice(0, (int)Math.Min(_tables - table, tables.Length)), 0UL);
            unallocated = Math.Min(most, (empty * _geometry.EntriesPerTable) - index);
            return default;
        }

        long start = PlaceOfTable(entry, table);
        if (start == 0)
        {
            unallocated = Math.Min(most, _geometry.EntriesPerTable - index);
            return default;
        }

        unallocated = 0;
        ReadOnlySpan<ulong> entries = _l2Pages.From(start + ((long)index * _geometry.L2EntryBytes));
        return entries.Slice(0, (int)Math.Min(entries.Length, Math.Min(most, _geometry.EntriesPerTable - index) * _geometry.L2EntryWords));
    }

    private long PlaceOfTable(TableEntry entry, long table)
    {
        long start = entry.FileOffset;
        return !entry.HasReservedBitsInL1
            && _geometry.OffsetIn(start) == 0
            && start <= End - _geometry.ClusterSize
            && (start == 0 || !OverlapsL1(start))
            ? start
            : throw Qcow2Damage.Of(
                _path,
                FormattableString.Invariant($"entry {table} of the L1 table"),
                entry,
                FormattableString.Invariant($"0, or the offset of a cluster of {_geometry.ClusterSize} bytes inside the file's {End} that is not the L1 table's"));
    }

    private void Require(in L2Entry entry, long cluster)
    {
        if (entry.Cluster.IsCompressed)
        {
            // "External data file bit": no compressed clusters, and each cluster at its offset on the disk.
            if (_header.HasDataFile)
            {
                throw Damaged(cluster, entry.Cluster, "one that is not compressed, as the data is in another file");
            }

            return;
        }

        if (entry.Cluster.HasReservedBits(knowsZero: _header.Version >= 3 && !entry.HasSubclusters))
        {
            throw Damaged(cluster, entry.Cluster, "one without reserved bits");
        }

        if ((entry.Allocated & entry.Zero) != 0)
        {
            throw DamagedBitmap(cluster, entry, "one where no subcluster is both allocated and zeroes");
        }

        if (entry.HasSubclusters && entry.Allocated != 0 && !entry.Cluster.HasPlace(_header.HasDataFile))
        {
            throw DamagedBitmap(cluster, entry, "one where no subcluster is allocated, as the cluster has no place");
        }

        if (StoredBytes(entry, cluster) is > 0 and long stored)
        {
            RequirePlace(entry.Cluster, cluster, stored);
        }
    }

    // The file need not hold more of the last cluster than the disk shows, nor more of any cluster than is allocated.
    private long StoredBytes(in L2Entry entry, long cluster) => entry.HasSubclusters
        ? Math.Min(ShownBytes(cluster), (long)entry.EndOfAllocated * _geometry.SubclusterSize)
        : entry.KindOf(0, _header.HasDataFile) == ClusterKind.Data ? ShownBytes(cluster) : 0;

    private void RequirePlace(TableEntry entry, long cluster, long stored)
    {
        if (!_header.HasDataFile)
        {
            if (_geometry.OffsetIn(entry.FileOffset) != 0 || entry.FileOffset > End - stored || OverlapsL1(entry.FileOffset))
            {
                throw Damaged(
                    cluster,
                    entry,
                    FormattableString.Invariant($"the offset of a cluster of {_geometry.ClusterSize} bytes inside the file's {End} that is not the L1 table's"));
            }

            return;
        }

        if (entry.FileOffset != _geometry.StartOf(cluster))
        {
            throw Damaged(
                cluster, entry, FormattableString.Invariant($"0x{_geometry.StartOf(cluster):x}, because data in another file is at its offset on the disk"));
        }

        if (entry.FileOffset > _dataEnd - stored)
        {
            throw Qcow2Damage.Of(
                _dataPath,
                "the length of the data file",
                _dataEnd,
                FormattableString.Invariant($"at least {entry.FileOffset + stored} bytes, according to '{_path}'"));
        }
    }

    private QedDamagedFileException DamagedBitmap(long cluster, in L2Entry entry, string allowed) => Qcow2Damage.Of(
        _path,
        FormattableString.Invariant($"the subcluster bitmap of cluster {cluster}"),
        FormattableString.Invariant($"0x{entry.Bitmap:x}"),
        allowed);

    private long EndOf(long cluster, long end) =>
        end - _geometry.StartOf(cluster) is var rest && rest <= _geometry.ClusterSize ? end : _geometry.StartOf(cluster + 1);

    private QedDamagedFileException Damaged(long cluster, TableEntry entry, string allowed) =>
        Qcow2Damage.Of(_path, FormattableString.Invariant($"the L2 entry of cluster {cluster}"), entry, allowed);

    private long ShownBytes(long cluster) => Math.Min(_geometry.ClusterSize, (long)_header.VirtualSize - _geometry.StartOf(cluster));

    private bool OverlapsL1(long start) => start < L1End && start + _geometry.ClusterSize > _l1Offset;

    private long L1OffsetOf(long table) => _l1Offset + (table * Qcow2Geometry.EntryBytes);

    private void RequireTables(long first, long count)
    {
        long tables = TablesAtOnce(_geometry);
        long last = _geometry.TableOf(first + count - 1);
        for (long table = _geometry.TableOf(first) / tables * tables; table <= last; table += tables)
        {
            if (_l1Pages.From(L1OffsetOf(table))[0] != 0)
            {
                continue;
            }

            long end = Math.Min(_tables, table + tables);
            long start = Append(end - table);
            for (long i = table; i < end; i++)
            {
                _l1Pages.Set(L1OffsetOf(i), TableEntry.OnlyReferenceTo(start + _geometry.StartOf(i - table)).Value);
            }
        }
    }

    private void SetEntry(long cluster, TableEntry entry)
    {
        TableEntry table = new(_l1Pages.From(L1OffsetOf(_geometry.TableOf(cluster)))[0]);
        _l2Pages.Set(table.FileOffset + (_geometry.EntryOf(cluster) * Qcow2Geometry.EntryBytes), entry.Value);
    }
}
