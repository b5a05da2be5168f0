using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace QedTools.Tests.Independent;

/// <summary>What a cluster of the virtual disk maps to, according to the tables.</summary>
internal enum MappedTo
{
    Backing,
    Zeroes,
    Data,
    Nowhere,
}

/// <summary>What is wrong with an image's tables.</summary>
/// <param name="Damage">Something that is certainly damaged, or null.</param>
/// <param name="Behind">An entry for clusters past the end of the disk, or null; it may or may not count as damage.</param>
/// <param name="Leaked">The whole clusters that nothing refers to.</param>
internal sealed record QedSurvey(string? Damage, string? Behind, SortedSet<long> Leaked)
{
    public bool IsSound => Damage is null && Behind is null;
}

/// <summary>The QED specification, implemented strictly and slowly: an entry is valid if it is aligned, after the header, inside the
/// file, and has no reserved bits. If the end of the file cuts off a cluster or table, the part that is there is readable; if less
/// than a sector is missing, that part reads as zeroes.</summary>
internal sealed class ReferenceQed : ReferenceDisk
{
    public const ulong HasBacking = 1, NeedsCheckBit = 2, BackingIsRaw = 4;

    /// <summary>The reason why a file is not a QED file at all.</summary>
    public const string NoMagic = "no magic number";

    private const int Sector = 512;
    private const int FullyListed = 512;
    private const int HeaderLength = 64;
    private const int MaxName = 4095;

    private readonly byte[] _file;
    private readonly ReferenceDisk? _backing;
    private readonly ulong _size;

    private ReferenceQed(byte[] file, ulong size, ReferenceDisk? backing)
    {
        _file = file;
        _size = size;
        _backing = backing;
        ClusterSize = U32(file, 4);
        TableClusters = (int)U32(file, 8);
        HeaderBytes = U32(file, 12) * ClusterSize;
        Features = U64(file, 16);
        L1Offset = (long)U64(file, 40);
    }

    public long ClusterSize { get; }

    public int TableClusters { get; }

    public long HeaderBytes { get; }

    public ulong Features { get; }

    public long L1Offset { get; }

    public override long Length => (long)_size;

    public bool IsMarked => (Features & NeedsCheckBit) != 0;

    public bool HasBackingFile => _backing is not null;

    /// <summary>Whether the backing file can be opened or there is none.</summary>
    public bool IsBackingThere => _backing is not ReferenceLost;

    public bool HasUnknownBits => U64(_file, 24) != 0;

    public long TableBytes => TableClusters * ClusterSize;

    public long Entries => TableBytes / 8;

    /// <summary>The part of the disk that one entry of the L1 table maps, in bytes.</summary>
    private Int128 TableSpan => (Int128)Entries * ClusterSize;

    /// <summary>The largest size that the geometry allows.</summary>
    public long LargestLength => (long)Int128.Min(TableSpan * Entries, long.MaxValue / Sector * Sector);

    /// <summary>Opens an image, or returns why the specification forbids that.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="resolve">Finds a backing file by its name; the second parameter says whether it is raw whatever it contains.</param>
    public static (ReferenceQed? Disk, string? Why) Open(byte[] file, Func<string, bool, ReferenceDisk> resolve)
    {
        if (file.Length < 4 || U32(file, 0) != 0x00444551)
        {
            return (null, NoMagic);
        }

        if (file.Length < HeaderLength)
        {
            return (null, "shorter than a header");
        }

        uint cluster = U32(file, 4), table = U32(file, 8), header = U32(file, 12);
        ulong features = U64(file, 16), l1 = U64(file, 40), size = U64(file, 48);
        if (cluster is < 4096 or > 1 << 26 || (cluster & (cluster - 1)) != 0)
        {
            return (null, "cluster_size");
        }

        if (table is not (1 or 2 or 4 or 8 or 16))
        {
            return (null, "table_size");
        }

        if (header == 0)
        {
            return (null, "header_size");
        }

        if ((features & ~7UL) != 0)
        {
            return (null, "features");
        }

        if (l1 % cluster != 0 || l1 < (ulong)header * cluster || l1 >= (ulong)file.Length)
        {
            return (null, "l1_table_offset");
        }

        Int128 entries = (Int128)table * cluster / 8;
        if (size % Sector != 0 || size > entries * entries * cluster || size > long.MaxValue)
        {
            return (null, "image_size");
        }

        if ((features & HasBacking) == 0)
        {
            return (new ReferenceQed(file, size, null), null);
        }

        uint at = U32(file, 56), length = U32(file, 60);
        if (length != 0 && (at < HeaderLength || length > MaxName || (ulong)at + length > (ulong)header * cluster || (long)at + length > file.Length))
        {
            return (null, "backing_filename");
        }

        // QEMU treats an empty name as no backing file.
        if (length == 0)
        {
            return (new ReferenceQed(file, size, null), null);
        }

        string name = Encoding.Latin1.GetString(file, (int)at, (int)length);
        return (new ReferenceQed(file, size, resolve(name, (features & BackingIsRaw) != 0)), null);
    }

    /// <summary>Whether the L1 table ends past the end of the file by a sector or more.</summary>
    public bool IsTableCutOff => L1Offset + TableBytes - _file.Length >= Sector;

    /// <summary>The same image over another backing file.</summary>
    public ReferenceQed Over(ReferenceDisk? backing) => new(_file, _size, backing);

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        while (values.Length > 0)
        {
            long inside = offset % ClusterSize;
            int count = (int)Math.Min(values.Length, ClusterSize - inside);
            ReadInCluster(offset, inside, values[..count], known[..count]);
            offset += count;
            values = values[count..];
            known = known[count..];
        }
    }

    public override void AddPlaces(ISet<long> places)
    {
        int data = 0;
        foreach ((long start, long end, MappedTo kind, long at) in Runs())
        {
            if (kind == MappedTo.Nowhere)
            {
                AddLost(places, start, end);
            }
            else if (kind == MappedTo.Data)
            {
                long there = Math.Min(end - start, _file.Length - at);
                AddRange(places, start, start + there, data++ < FullyListed ? int.MaxValue : 2);
                if (there < end - start)
                {
                    AddLost(places, start + there, end);
                }
            }
        }

        if (_backing is not null)
        {
            places.UnionWith(_backing.Places());
        }
    }

    /// <summary>What a cluster maps to, and the file offset of its data.</summary>
    public (MappedTo Kind, long Offset) Find(long offset)
    {
        long cluster = offset / ClusterSize;
        (MappedTo kind, long table) = Level1(cluster / Entries);
        return kind == MappedTo.Data ? Level2(table, cluster % Entries) : (kind, 0);
    }

    /// <summary>The ranges that do not come from the backing file, in order and with adjacent lost ranges joined.</summary>
    public IEnumerable<(long Start, long End, MappedTo Kind, long Offset)> Runs()
    {
        long lost = -1;
        for (long i = 0; i * TableSpan < Length; i++)
        {
            (MappedTo kind, long table) = Level1(i);
            long start = (long)(i * TableSpan);
            if (i >= EntriesThere(L1Offset))
            {
                lost = lost < 0 ? start : lost;
                break;
            }

            if (kind == MappedTo.Nowhere)
            {
                lost = lost < 0 ? start : lost;
                continue;
            }

            if (kind == MappedTo.Backing && lost >= 0)
            {
                yield return (lost, start, MappedTo.Nowhere, 0);
                lost = -1;
            }

            for (long j = 0; kind == MappedTo.Data && j < Entries && (Int128)start + (j * ClusterSize) < Length; j++)
            {
                (MappedTo what, long offset) = Level2(table, j);
                long at = start + (j * ClusterSize);
                if (j >= EntriesThere(table))
                {
                    lost = lost < 0 ? at : lost;
                    break;
                }

                if (what == MappedTo.Nowhere)
                {
                    lost = lost < 0 ? at : lost;
                    continue;
                }

                if (lost >= 0)
                {
                    yield return (lost, at, MappedTo.Nowhere, 0);
                    lost = -1;
                }

                if (what != MappedTo.Backing)
                {
                    yield return (at, (long)Int128.Min((Int128)at + ClusterSize, Length), what, offset);
                }
            }
        }

        if (lost >= 0)
        {
            yield return (lost, Length, MappedTo.Nowhere, 0);
        }
    }

    /// <summary>Finds what is wrong with the tables.</summary>
    public QedSurvey Survey()
    {
        HashSet<long> used = [];
        HashSet<long> tables = [];
        string? damage = null;
        string? behind = null;
        void Use(long offset, long clusters, string what)
        {
            for (long i = 0; i < clusters; i++)
            {
                if (!used.Add((offset / ClusterSize) + i))
                {
                    damage ??= $"{what} {offset} is used twice";
                }
            }

            if (offset + (clusters * ClusterSize) - _file.Length >= Sector)
            {
                damage ??= $"{what} {offset} is cut off";
            }
        }

        Use(L1Offset, TableClusters, "L1 table");
        List<(long Start, long Table, bool IsBehind)> second = [];
        for (long i = 0; i < EntriesThere(L1Offset); i++)
        {
            (MappedTo kind, long table) = Level1(i);
            bool isBehind = i * TableSpan >= Length;
            if (isBehind)
            {
                behind = kind == MappedTo.Backing ? behind : $"L1 entry {i}";
            }
            else if (kind == MappedTo.Nowhere)
            {
                damage ??= $"L1 entry {i}";
            }
            else if (kind == MappedTo.Data && !tables.Add(table))
            {
                damage ??= $"L2 table {table} is used twice";
                continue;
            }

            if (kind == MappedTo.Data)
            {
                second.Add((isBehind ? long.MaxValue : (long)(i * TableSpan), table, isBehind));
            }
        }

        HashSet<long> usedBehind = [];
        foreach ((long start, long table, bool isBehind) in second)
        {
            if (isBehind)
            {
                usedBehind.UnionWith(Clusters(table));
            }
            else
            {
                Use(table, TableClusters, "L2 table");
            }

            for (long j = 0; j < EntriesThere(table); j++)
            {
                (MappedTo what, long offset) = Level2(table, j);
                if (isBehind || (Int128)start + (j * ClusterSize) >= Length)
                {
                    behind = what == MappedTo.Backing ? behind : $"L2 entry {j} of table {table}";
                    usedBehind.Add(offset / ClusterSize);
                }
                else if (what == MappedTo.Nowhere)
                {
                    damage ??= $"L2 entry {j} of table {table}";
                }
                else if (what == MappedTo.Data)
                {
                    Use(offset, 1, "data");
                }
            }
        }

        SortedSet<long> leaked = [];
        for (long cluster = HeaderBytes / ClusterSize; (cluster + 1) * ClusterSize <= _file.Length; cluster++)
        {
            if (!used.Contains(cluster) && !usedBehind.Contains(cluster))
            {
                leaked.Add(cluster);
            }
        }

        return new QedSurvey(damage, behind, leaked);
    }

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong U64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));

    private void ReadInCluster(long offset, long inside, Span<byte> values, Span<bool> known)
    {
        values.Clear();
        (MappedTo kind, long start) = Find(offset);
        known.Fill(kind != MappedTo.Nowhere);
        if (kind == MappedTo.Data)
        {
            int there = (int)Math.Clamp(_file.Length - (start + inside), 0, values.Length);
            _file.AsSpan((int)Math.Min(start + inside, _file.Length), there).CopyTo(values);
            known[there..].Fill(start + ClusterSize - _file.Length < Sector);
        }
        else if (kind == MappedTo.Backing && _backing is not null)
        {
            int covered = (int)Math.Clamp(_backing.Length - offset, 0, values.Length);
            if (covered > 0)
            {
                _backing.Read(offset, values[..covered], known[..covered]);
            }
        }
    }

    private IEnumerable<long> Clusters(long table)
    {
        for (long i = 0; i < TableClusters; i++)
        {
            yield return (table / ClusterSize) + i;
        }
    }

    private (MappedTo Kind, long Offset) Level1(long index) => Entry(L1Offset, index) switch
    {
        0 => (MappedTo.Backing, 0),
        { } entry when IsValid(entry) => (MappedTo.Data, (long)entry),
        _ => (MappedTo.Nowhere, 0),
    };

    private (MappedTo Kind, long Offset) Level2(long table, long index) => Entry(table, index) switch
    {
        0 => (MappedTo.Backing, 0),
        1 => (MappedTo.Zeroes, 0),
        { } entry when IsValid(entry) => (MappedTo.Data, (long)entry),
        _ => (MappedTo.Nowhere, 0),
    };

    private bool IsValid(ulong entry) =>
        entry % (ulong)ClusterSize == 0 && entry >= (ulong)HeaderBytes && entry < (ulong)_file.Length;

    // The number of a table's entries that are in the file; all if less than a sector is missing.
    private long EntriesThere(long table) =>
        table + TableBytes - _file.Length < Sector ? Entries : Math.Max(0, (_file.Length - table) / 8);

    private ulong? Entry(long table, long index)
    {
        long at = table + (index * 8);
        if (at + 8 <= _file.Length)
        {
            return U64(_file, (int)at);
        }

        if (table + TableBytes - _file.Length >= Sector)
        {
            return null;
        }

        ulong value = 0;
        for (long i = at; i < _file.Length; i++)
        {
            value |= (ulong)_file[i] << (int)(8 * (i - at));
        }

        return value;
    }
}
