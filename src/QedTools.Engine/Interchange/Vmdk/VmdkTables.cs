using System.Collections.Generic;

namespace QedTools.Interchange.Vmdk;

/// <summary>The grain tables that were read last, for all extents of a disk together.</summary>
internal sealed class VmdkTables
{
    // 8 MiB: those of 64 GiB as VMware makes them.
    private const int MaxEntries = 2 << 20;

    private readonly object _gate = new();
    private readonly Dictionary<(object Owner, uint Sector), uint[]> _tables = [];
    private int _entries;

    /// <summary>A table; null if it is not kept.</summary>
    /// <param name="owner">Its owner.</param>
    /// <param name="sector">Where it is in the file.</param>
    public uint[]? TryGet(object owner, uint sector)
    {
        lock (_gate)
        {
            return _tables.TryGetValue((owner, sector), out uint[]? table) ? table : null;
        }
    }

    /// <summary>Keeps a table; others may be dropped.</summary>
    /// <param name="owner">Its owner.</param>
    /// <param name="sector">Where it is in the file.</param>
    /// <param name="table">Its entries; none if no grain is there.</param>
    public void Keep(object owner, uint sector, uint[] table)
    {
        // The space that even an empty table takes in the dictionary counts too.
        int entries = table.Length + 16;
        lock (_gate)
        {
            if (_entries + entries > MaxEntries)
            {
                _tables.Clear();
                _entries = 0;
            }

            _tables[(owner, sector)] = table;
            _entries += entries;
        }
    }
}
