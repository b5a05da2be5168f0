using System;
using QedTools.Qed.Files;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed.Metadata;

/// <summary>
/// Makes all changes to an image's header and tables while it is open for writing, in the order that keeps flushed data
/// safe whatever happens: need-check bit, then data, then L2 tables, then the L1 table.
/// </summary>
/// <remarks>
/// Table changes stay in memory until <see cref="Commit"/>. A crash before that loses what was not flushed and leaves nothing
/// worse than clusters that nothing refers to. Only one thread may call at a time; others may look up tables meanwhile.
/// </remarks>
internal sealed class MetadataWriter
{
    private readonly QedFile _file;
    private readonly TableCache _tables;
    private readonly ClusterAllocator _allocator;
    private readonly IStorage _storage;
    private bool _dataMustComeFirst;
    private bool _isUnflushed;

    /// <param name="file">The image, whose tables were checked, or are going to be repaired.</param>
    /// <param name="tables">Its tables.</param>
    public MetadataWriter(QedFile file, TableCache tables)
    {
        _file = file;
        _tables = tables;
        _storage = file.Storage;
        _allocator = new ClusterAllocator(_storage.Path, file.Header.Geometry, _storage.Length);
        file.NewClusters = _allocator;
    }

    /// <summary>Whether something went wrong, so that the image must be checked before it is written to again.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether anything in the image was changed.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Whether the need-check bit stays set at the end: the tables are damaged until a repair is complete.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Whether clusters became free in this session.</summary>
    public bool HasFree => _allocator.HasFree;

    private QedGeometry Geometry => _file.Header.Geometry;

    private ImageTrace? Trace => _file.Trace;

    /// <summary>Must be called before every change to the image, also before changes to data.</summary>
    /// <exception cref="QedException">The header could not be written.</exception>
    public void BeforeDataChange()
    {
        HasChanged = true;
        _isUnflushed = true;
        if (_file.Header.AutoclearFeatures != 0)
        {
            Guard(() =>
            {
                _file.WriteHeader(_file.Header); // without them
                _storage.Flush();
            });
        }
    }

    /// <summary>Sets the need-check bit if it is not set yet: entries are about to get out of step with the rest of the image.</summary>
    /// <exception cref="QedException">The header could not be written.</exception>
    public void SetNeedCheck() => BeforeTableChange();

    /// <summary>Allocates contiguous clusters for data. They read as zeroes.</summary>
    /// <param name="clusters">How many.</param>
    /// <returns>Where the first begins in the file, in bytes.</returns>
    /// <exception cref="QedException">The need-check bit could not be set.</exception>
    public long Allocate(long clusters)
    {
        BeforeTableChange();
        return _allocator.Allocate(clusters);
    }

    /// <summary>Extends the file with zeroes to an offset, so that clusters and tables that were cut short are complete again.</summary>
    /// <param name="end">The end of the last one, in bytes: at or past the end of the file.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Pad(long end) => Guard(() =>
    {
        BeforeTableChange();
        _allocator.Reserve(end);
        SetFileLength(_allocator.End);
        _storage.Flush();
    });

    /// <summary>Makes sure that a range of the disk has its L2 tables, so that they are not put between its clusters.</summary>
    /// <param name="virtualOffset">Where on the disk it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1.</param>
    /// <exception cref="QedException">The tables could not be read or added.</exception>
    public void PrepareTables(long virtualOffset, long length)
    {
        for (long l1Index = Geometry.L1Index(virtualOffset); l1Index <= Geometry.L1Index(virtualOffset + length - 1); l1Index++)
        {
            if (_tables.Entries(_file.L1TableOffset, l1Index)[0] == 0)
            {
                BeforeTableChange();
                AddTable(l1Index);
            }
        }
    }

    /// <summary>Frees the clusters that <see cref="Allocate"/> allocated last; no entry may point to them.</summary>
    /// <param name="offset">Where the first begins in the file, in bytes.</param>
    public void Free(long offset)
    {
        try
        {
            if (_storage.Length > offset)
            {
                _storage.SetLength(offset);
            }

            _allocator.FreeLast(offset);
        }
        catch (QedException)
        {
            // They may hold something by now, so they stay allocated until the file is packed.
            _allocator.NoteFree();
        }
    }

    /// <summary>Makes the next <see cref="Commit"/> flush data before the tables that expose it: a backing file shows until then.</summary>
    public void RequireDataFirst() => _dataMustComeFirst = true;

    /// <summary>Changes what a range of the disk is mapped to, and frees what it was mapped to before.</summary>
    /// <param name="virtualOffset">Where on the disk, in bytes: a cluster's start.</param>
    /// <param name="clusters">How many clusters.</param>
    /// <param name="entry">The first cluster's new entry.</param>
    /// <param name="step">How much larger each following entry is: the cluster size for data, otherwise 0.</param>
    /// <exception cref="QedException">The tables could not be read or added.</exception>
    public void Map(long virtualOffset, long clusters, ClusterEntry entry, uint step)
    {
        try
        {
            BeforeTableChange();
            MapPages(virtualOffset, clusters, entry, step);
            Trace?.Mapped(virtualOffset, Geometry.BytesOf(Math.Min(clusters, Geometry.MaxFileClusters)), entry);
        }
        catch
        {
            HasFailed = true;
            throw;
        }
    }

    /// <summary>Makes an entry point to a copy of its target; the original is not freed.</summary>
    /// <param name="tableOffset">The table, in bytes from the start of the file.</param>
    /// <param name="index">The entry in it.</param>
    /// <param name="offset">Where the copy is, in bytes; written, but not flushed yet.</param>
    /// <exception cref="QedException">The tables could not be read.</exception>
    public void Repoint(long tableOffset, long index, long offset) => Guard(() =>
    {
        BeforeTableChange();
        RequireDataFirst();
        bool isL1 = tableOffset == _file.L1TableOffset;
        _tables.Set(tableOffset, isL1, index, 1, (ulong)offset, 0);
        Trace?.Repointed(isL1, tableOffset, index, offset);
        if (isL1)
        {
            _tables.Invalidate(offset, Geometry.TableBytes);
        }

        if (_tables.IsFull)
        {
            Commit();
        }
    });

    /// <summary>Clears an entry, wherever it pointed.</summary>
    /// <param name="tableOffset">The table, in bytes from the start of the file.</param>
    /// <param name="index">The entry in it.</param>
    /// <exception cref="QedException">The tables could not be read.</exception>
    public void Clear(long tableOffset, long index) => Guard(() =>
    {
        BeforeTableChange();
        bool isL1 = tableOffset == _file.L1TableOffset;
        _tables.Set(tableOffset, isL1, index, 1, 0, 0);
        Trace?.Repointed(isL1, tableOffset, index, offset: null);
        _allocator.NoteFree();
        if (_tables.IsFull)
        {
            Commit();
        }
    });

    /// <summary>Makes the header point to a copy of the L1 table.</summary>
    /// <param name="offset">Where the copy is, in bytes; written, but not flushed yet.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void RepointL1(long offset) => Guard(() =>
    {
        BeforeTableChange();
        Commit();
        _storage.Flush();
        _tables.Invalidate(offset, Geometry.TableBytes);
        _file.WriteHeader(_file.Header with { L1TableOffset = (ulong)offset });
        _storage.Flush();
    });

    /// <summary>Removes an L2 table, and frees it and everything it points to.</summary>
    /// <param name="l1Index">Its index in the L1 table; nothing happens if there is none.</param>
    /// <exception cref="QedException">The tables could not be read.</exception>
    public void RemoveTable(long l1Index) => Guard(() =>
    {
        ClusterEntry table = new(_tables.Entries(_file.L1TableOffset, l1Index)[0]);
        if (table.IsUnallocated)
        {
            return;
        }

        BeforeTableChange();
        _tables.Set(_file.L1TableOffset, isL1: true, l1Index, 1, 0, 0);
        Trace?.TableRemoved(l1Index, table.Offset);
        _tables.Invalidate(table.Offset, Geometry.TableBytes);
        _allocator.NoteFree();
        if (_tables.IsFull)
        {
            Commit();
        }
    });

    /// <summary>Returns when everything written so far is on the disk.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Commit() => Guard(() =>
    {
        if (_tables.HasChangedL2 || _tables.HasChangedL1)
        {
            // No table entry may point past the end of the file.
            if (_allocator.HasGrown && _storage.Length < _allocator.End)
            {
                SetFileLength(_allocator.End);
            }

            if (_dataMustComeFirst)
            {
                _storage.Flush();
            }

            WriteBack(l1: false);
            if (_tables.HasChangedL1)
            {
                _storage.Flush();
                WriteBack(l1: true);
            }

            _isUnflushed = true;
        }

        if (_isUnflushed)
        {
            _storage.Flush();
        }

        _isUnflushed = false;
        _dataMustComeFirst = false;
    });

    /// <summary>Changes the virtual size in the header, after all earlier changes are on the disk.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void SetVirtualSize(long size) => Guard(() =>
    {
        Commit();
        _file.WriteHeader(_file.Header with { ImageSize = (ulong)size });
        _storage.Flush();
    });

    /// <summary>Notes that the file was packed: nothing is free, and <paramref name="end"/> is its end.</summary>
    public void ResetEnd(long end) => _allocator.Reset(end);

    /// <summary>Commits, gives the file its exact length and clears the need-check bit. The image is clean when this returns.</summary>
    /// <exception cref="QedException">The file could not be written; the need-check bit stays set then.</exception>
    public void Close() => Guard(() =>
    {
        Commit();
        if (!_file.Header.NeedsCheck || IsDamaged)
        {
            return;
        }

        if (_allocator.HasGrown && _storage.Length != _allocator.End)
        {
            SetFileLength(_allocator.End);
            _storage.Flush();
        }

        _file.WriteHeader(_file.Header with { Features = _file.Header.Features & ~QedFeatures.NeedCheck });
        _storage.Flush();
    });

    private void SetFileLength(long length)
    {
        _storage.SetLength(length);
        Trace?.Resized(length);
    }

    private void WriteBack(bool l1)
    {
        long bytes = _tables.WriteBack(l1);
        Trace?.EntriesWritten(l1, bytes);
    }

    private void BeforeTableChange()
    {
        BeforeDataChange();
        if (!_file.Header.NeedsCheck)
        {
            Guard(() =>
            {
                _file.WriteHeader(_file.Header with { Features = _file.Header.Features | QedFeatures.NeedCheck });
                _storage.Flush();
            });
        }
    }

    // Page by page, so that the changes never outgrow the cache.
    private void MapPages(long virtualOffset, long clusters, ClusterEntry entry, uint step)
    {
        ulong value = entry.Value;
        while (clusters > 0)
        {
            long l1Index = Geometry.L1Index(virtualOffset);
            long l2Index = Geometry.L2Index(virtualOffset);
            long here = Math.Min(clusters, _tables.EntriesInPage(l2Index));
            ClusterEntry table = new(_tables.Entries(_file.L1TableOffset, l1Index)[0]);
            if (!table.IsUnallocated || !entry.IsUnallocated)
            {
                long offset = table.IsUnallocated ? AddTable(l1Index) : table.Offset;
                NoteFreedData(offset, l2Index, here);
                _tables.Set(offset, isL1: false, l2Index, here, value, step);
            }

            value += (ulong)here * step;
            virtualOffset += Geometry.BytesOf(here);
            clusters -= here;
            if (_tables.IsFull)
            {
                Commit();
            }
        }
    }

    private long AddTable(long l1Index)
    {
        long offset = _allocator.Allocate(Geometry.TableSize);
        _tables.Invalidate(offset, Geometry.TableBytes);
        _tables.Set(_file.L1TableOffset, isL1: true, l1Index, 1, (ulong)offset, 0);
        Trace?.TableAdded(l1Index, offset, Geometry.TableBytes);
        return offset;
    }

    private void NoteFreedData(long tableOffset, long index, long count)
    {
        while (count > 0 && !_allocator.HasFree)
        {
            ReadOnlySpan<ulong> entries = _tables.Entries(tableOffset, index);
            int here = (int)Math.Min(count, entries.Length);
            foreach (ulong value in entries.Slice(0, here))
            {
                ClusterEntry entry = new(value);
                if (!entry.IsUnallocated && !entry.IsZero)
                {
                    _allocator.NoteFree();
                    return;
                }
            }

            index += here;
            count -= here;
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch
        {
            HasFailed = true;
            throw;
        }
    }
}
