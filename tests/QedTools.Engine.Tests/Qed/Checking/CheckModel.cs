using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Tests.Support;

namespace QedTools.Tests.Qed.Checking;

/// <summary>What a check should find, by writing down for every cluster of the file who refers to it.</summary>
internal sealed class CheckModel
{
    private readonly MemoryStorage _file;
    private readonly Dictionary<long, List<bool>> _references = []; // per cluster: is it a table's, in the order of claims
    private readonly Int128 _clusterSize;
    private readonly Int128 _tableSize;
    private readonly Int128 _headerBytes;
    private readonly Int128 _wholeBytes;
    private readonly Int128 _entries;
    private readonly Int128 _virtualSize;

    public CheckModel(MemoryStorage file)
    {
        _file = file;
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
        ulong[] l1 = Table(l1Offset);
        for (long i = 0; i < l1.Length; i++)
        {
            if (l1[i] == 0)
            {
                continue;
            }

            if (Misplaced(l1[i], _tableSize) is { } kind)
            {
                Report(kind, i, null, l1[i]);
                continue;
            }

            tables.Add((i, l1[i]));
            if (Claim(l1[i], _tableSize, isTable: true).Exists(others => others.Count > 0))
            {
                Report(QedCorruptionKind.TableAndTable, i, null, l1[i]);
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

            if (Misplaced(value, 1) is { } kind)
            {
                Report(kind, l1Index, i, value);
                continue;
            }

            List<bool> others = Claim(value, 1, isTable: false)[0];
            if (others.Contains(true))
            {
                Report(QedCorruptionKind.DataAndTable, l1Index, i, value);
            }
            else if (others.Count > 0)
            {
                Report(QedCorruptionKind.DataAndData, l1Index, i, value);
            }
            else if (isBeyond)
            {
                Report(QedCorruptionKind.BeyondVirtualSize, l1Index, i, value);
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
        : value >= _wholeBytes ? QedCorruptionKind.OutsideFile
        : value + (clusters * _clusterSize) > _wholeBytes ? QedCorruptionKind.TableDoesNotFit
        : null;

    // Adds a reference to each cluster and returns, for each, those that were there before.
    private List<List<bool>> Claim(ulong offset, Int128 clusters, bool isTable)
    {
        List<List<bool>> before = [];
        for (Int128 i = 0; i < clusters; i++)
        {
            long cluster = (long)((offset / _clusterSize) + i);
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
            kind, l1Index, l2Index, offset > long.MaxValue ? long.MaxValue / 512 * 512 : (long)offset, value));
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
