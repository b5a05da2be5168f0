using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using QedTools.Tests.Support;

namespace QedTools.Tests.Qed.Checking;

/// <summary>What a check should find, computed by recording for every cluster of the file what refers to it.</summary>
internal sealed class CheckModel
{
    private readonly MemoryStorage _file;
    private readonly Dictionary<long, List<bool>> _references = []; // per cluster, in order of claims: whether a table claims it
    private readonly Int128 _clusterSize;
    private readonly Int128 _tableSize;
    private readonly Int128 _headerBytes;
    private readonly Int128 _wholeBytes;
    private readonly Int128 _length;
    private readonly HashSet<long> _noTables;
    private readonly HashSet<long> _tablesWithData = []; // by their L1 index
    private readonly Dictionary<long, int> _faultBalance = []; // by L1 index: bad data entries minus good ones
    private readonly Int128 _entries;
    private readonly Int128 _virtualSize;

    public CheckModel(MemoryStorage file)
        : this(file, [])
    {
        HashSet<long> data = [.. _tablesWithData.Where(table => _faultBalance.GetValueOrDefault(table) > 0)];
        if (data.Count == 0)
        {
            return;
        }

        // An L1 entry that uses data as a table counts as one fault: check the image without it, and report only that entry.
        CheckModel without = new(file, data);
        _references = without._references;
        Corruptions = without.Corruptions;
        Allocated = without.Allocated;
        Zero = without.Zero;
        Fragmented = without.Fragmented;
        Leaked = without.Leaked;
        End = without.End;
    }

    private CheckModel(MemoryStorage file, HashSet<long> noTables)
    {
        _file = file;
        _noTables = noTables;
        _length = file.Length;
        _clusterSize = Number(4, 4);
        _tableSize = Number(8, 4);
        _headerBytes = Number(12, 4) * _clusterSize;
        _wholeBytes = file.Length / _clusterSize * _clusterSize;
        _entries = _tableSize * _clusterSize / 8;
        _virtualSize = Number(48, 8);
        Total = (long)((_virtualSize + _clusterSize - 1) / _clusterSize);
        Run((long)Number(40, 8));
        for (Int128 cluster = _headerBytes / _clusterSize; cluster < _wholeBytes / _clusterSize; cluster++)
        {
            Leaked += _references.ContainsKey((long)cluster) ? 0 : 1;
        }

        foreach (long cluster in _references.Keys)
        {
            End = Math.Max(End, (cluster + 1) * (long)_clusterSize);
        }
    }

    public List<QedCorruption> Corruptions { get; } = [];

    public long Total { get; }

    public long Allocated { get; private set; }

    public long Zero { get; private set; }

    public long Fragmented { get; private set; }

    public long Leaked { get; private set; }

    public long End { get; private set; }

    public QedCheckStatus Status =>
        Corruptions.Count > 0 ? QedCheckStatus.Corrupt : Leaked > 0 ? QedCheckStatus.Leaks : QedCheckStatus.Clean;

    public bool IsUsed(long cluster) => _references.ContainsKey(cluster);

    private void Run(long l1Offset)
    {
        List<(long Index, ulong Offset)> tables = [];
        Claim((ulong)l1Offset, _tableSize, isTable: true);
        if (Misplaced((ulong)l1Offset, _tableSize) is { } l1Problem)
        {
            Report(l1Problem, (long)(_length - l1Offset) / 8, null, (ulong)l1Offset);
        }

        ulong[] l1 = Table(l1Offset);
        for (long i = 0; i < l1.Length; i++)
        {
            if (l1[i] == 0)
            {
                continue;
            }

            QedCorruptionKind? kind = Misplaced(l1[i], _tableSize);
            if (kind is not (null or QedCorruptionKind.CutShort))
            {
                Report(kind.Value, i, null, l1[i]);
                continue;
            }

            if (_noTables.Contains(i))
            {
                Report(QedCorruptionKind.DataAndTable, i, null, l1[i]);
                continue;
            }

            tables.Add((i, l1[i]));
            if (Claim(l1[i], _tableSize, isTable: true).Exists(others => others.Count > 0))
            {
                Report(QedCorruptionKind.TableAndTable, i, null, l1[i]);
            }
            else if (kind is not null)
            {
                Report(kind.Value, i, null, l1[i]);
            }
        }

        HashSet<ulong> seen = [(ulong)l1Offset];
        foreach ((long index, ulong offset) in tables)
        {
            if (seen.Add(offset))
            {
                Visit(index, Table((long)offset));
            }
        }

        foreach ((long index, ulong offset) in tables)
        {
            for (Int128 cluster = offset / _clusterSize; cluster < (offset / _clusterSize) + _tableSize; cluster++)
            {
                if (_references.TryGetValue((long)cluster, out List<bool>? claims) && claims.Contains(false))
                {
                    _tablesWithData.Add(index);
                }
            }
        }
    }

    private void Visit(long l1Index, ulong[] table)
    {
        ulong? before = null;
        for (long i = 0; i < table.Length; i++)
        {
            ulong value = table[i];
            bool isBeyond = ((l1Index * _entries) + i) * _clusterSize >= _virtualSize;
            if (value == 0)
            {
                continue;
            }

            if (value == 1)
            {
                Zero += isBeyond ? 0 : 1;
                continue;
            }

            QedCorruptionKind? kind = Misplaced(value, 1);
            if (kind is not (null or QedCorruptionKind.CutShort))
            {
                Report(kind.Value, l1Index, i, value);
                _faultBalance[l1Index] = _faultBalance.GetValueOrDefault(l1Index) + 1;
                continue;
            }

            List<bool> others = Claim(value, 1, isTable: false)[0];
            kind = others.Contains(true) ? QedCorruptionKind.DataAndTable
                : others.Count > 0 ? QedCorruptionKind.DataAndData
                : isBeyond ? QedCorruptionKind.BeyondVirtualSize
                : kind;
            _faultBalance[l1Index] = _faultBalance.GetValueOrDefault(l1Index) + (kind is null ? -1 : 1);
            if (kind is not null)
            {
                Report(kind.Value, l1Index, i, value);
            }

            if (!isBeyond)
            {
                Allocated++;
                Fragmented += before is { } last && value != last + (ulong)_clusterSize ? 1 : 0;
                before = value;
            }
        }
    }

    private QedCorruptionKind? Misplaced(ulong value, Int128 clusters) =>
        value % 4096 != 0 ? QedCorruptionKind.ReservedBits
        : value % _clusterSize != 0 ? QedCorruptionKind.Misaligned
        : value < _headerBytes ? QedCorruptionKind.InsideHeader
        : value >= _length ? QedCorruptionKind.OutsideFile
        : value + (clusters * _clusterSize) - _length >= 512 ? QedCorruptionKind.CutShort
        : null;

    // Adds a reference to each cluster that is in the file and returns, for each, the earlier references.
    private List<List<bool>> Claim(ulong offset, Int128 clusters, bool isTable)
    {
        List<List<bool>> before = [];
        for (Int128 i = 0; i < clusters; i++)
        {
            long cluster = (long)((offset / _clusterSize) + i);
            if (cluster * _clusterSize >= _length)
            {
                break;
            }

            if (!_references.TryGetValue(cluster, out List<bool>? references))
            {
                _references.Add(cluster, references = []);
            }

            before.Add([.. references]);
            references.Add(isTable);
        }

        return before;
    }

    private void Report(QedCorruptionKind kind, long l1Index, long? l2Index, ulong value)
    {
        Int128 offset = ((l1Index * _entries) + (l2Index ?? 0)) * _clusterSize;
        Corruptions.Add(new QedCorruption(
            kind, l1Index, l2Index, offset > long.MaxValue ? long.MaxValue / 512 * 512 : (long)offset, value)
        {
            MissingBytes = kind == QedCorruptionKind.CutShort
                ? (long)(value + ((l2Index is null ? _tableSize : 1) * _clusterSize) - _length)
                : 0,
        });
    }

    private ulong[] Table(long offset)
    {
        byte[] bytes = new byte[(int)(_tableSize * _clusterSize)];
        _file.Read(offset, bytes);
        ulong[] entries = new ulong[bytes.Length / 8];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i * 8));
        }

        // In a truncated table, the entry that the cut goes through is lost.
        if (offset + bytes.Length - _length >= 512 && (_length - offset) % 8 != 0)
        {
            entries[(int)((_length - offset) / 8)] = 0;
        }

        return entries;
    }

    private Int128 Number(long offset, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        _file.Read(offset, bytes[..size]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
