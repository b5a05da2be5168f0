using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace QedTools.Tests.Independent;

/// <summary>A small QED image with a random geometry and layout, and the offsets of everything in it.</summary>
internal sealed class QedLayout
{
    private readonly Random _random;
    private readonly List<long> _free = [];

    private QedLayout(Random random) => _random = random;

    public byte[] File { get; private set; } = [];

    public int ClusterSize { get; private init; }

    public int TableClusters { get; private init; }

    public int HeaderClusters { get; private init; }

    public long Length { get; private set; }

    public long L1Offset { get; private set; }

    /// <summary>The file offsets of the L2 tables.</summary>
    public List<long> Tables { get; } = [];

    /// <summary>The file offsets of the data clusters.</summary>
    public List<long> Data { get; } = [];

    /// <summary>The file offsets of the L1 entries that refer to a table.</summary>
    public List<long> L1Entries { get; } = [];

    /// <summary>The file offsets of the L2 entries that refer to data.</summary>
    public List<long> L2Entries { get; } = [];

    public int TableBytes => TableClusters * ClusterSize;

    public long Entries => TableBytes / 8;

    /// <summary>Makes an image.</summary>
    /// <param name="random">The source of randomness.</param>
    /// <param name="backing">The backing file's name and whether the header says that it is raw; null for no backing file.</param>
    /// <param name="below">The beginning of the backing file's contents; some clusters repeat it.</param>
    public static QedLayout Make(Random random, (string Name, bool IsRaw)? backing, byte[] below)
    {
        int shift = Pick(random, 12, 12, 12, 12, 12, 13, 14, 16);
        QedLayout layout = new(random)
        {
            ClusterSize = 1 << shift,
            TableClusters = shift switch { 12 => Pick(random, 1, 1, 2, 4, 8, 16), 16 => 1, _ => Pick(random, 1, 1, 2) },
            HeaderClusters = Pick(random, 1, 1, 1, 2, 3),
        };
        layout.Build(backing, below);
        return layout;
    }

    /// <summary>Recognizable contents: every sector contains its maker, its cluster and its own number.</summary>
    public static void Stamp(Span<byte> bytes, int maker, long cluster)
    {
        for (int sector = 0; sector * 512 < bytes.Length; sector++)
        {
            Span<byte> one = bytes.Slice(sector * 512, Math.Min(512, bytes.Length - (sector * 512)));
            one.Fill((byte)(0x80 | ((maker * 37) + (cluster * 11) + sector)));
            if (one.Length >= 16)
            {
                BinaryPrimitives.WriteInt32LittleEndian(one, unchecked((int)0x504D5453));
                BinaryPrimitives.WriteInt32LittleEndian(one[4..], maker);
                BinaryPrimitives.WriteInt32LittleEndian(one[8..], (int)cluster);
                BinaryPrimitives.WriteInt32LittleEndian(one[12..], sector);
            }
        }
    }

    /// <summary>One of some values.</summary>
    public static T Pick<T>(Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    private void Build((string Name, bool IsRaw)? backing, byte[] below)
    {
        // Mostly small disks: a raw backing file becomes as long as the disk in a merge.
        long span = Entries * ClusterSize;
        int tables = span <= 4 << 20 || _random.Next(12) == 0 ? _random.Next(0, 4) : 0;
        tables = span > 256 << 20 ? 0 : tables;
        Length = Math.Max(512, Math.Min((long)(span * tables) - _random.NextInt64(span), (long)(Entries * span) - 512) / 512 * 512);
        if (tables == 0)
        {
            Length = 512 * _random.Next(1, _random.Next(2) == 0 ? 400 : 6000);
        }

        tables = (int)((Length + span - 1) / span);
        int data = tables == 0 ? 0 : _random.Next(0, ClusterSize == 65536 ? 5 : 22);
        int leaked = _random.Next(4) == 0 ? _random.Next(1, 4) : 0;
        int clusters = HeaderClusters + TableClusters + (Math.Min(tables, 4) * TableClusters) + data + leaked;
        LayOut(clusters, tables, data);
        WriteHeader(backing);
        WriteTables(below);
    }

    // Tables and data in random order. Clusters that are left over are leaks.
    private void LayOut(int clusters, int tables, int data)
    {
        File = new byte[(long)clusters * ClusterSize];
        List<int> pieces = [TableClusters];
        pieces.AddRange(Enumerable.Repeat(TableClusters, Math.Min(tables, 4)));
        pieces.AddRange(Enumerable.Repeat(1, data));
        int leaked = clusters - HeaderClusters - pieces.Sum();
        int[] order = [.. Enumerable.Range(0, pieces.Count + leaked)];
        if (_random.Next(3) > 0)
        {
            _random.Shuffle(order);
        }

        long at = (long)HeaderClusters * ClusterSize;
        foreach (int piece in order)
        {
            if (piece >= pieces.Count)
            {
                Stamp(File.AsSpan((int)at, ClusterSize), 9, piece);
                at += ClusterSize;
                continue;
            }

            if (piece == 0)
            {
                L1Offset = at;
            }
            else if (piece <= Math.Min(tables, 4))
            {
                Tables.Add(at);
            }
            else
            {
                _free.Add(at);
            }

            at += (long)pieces[piece] * ClusterSize;
        }
    }

    private void WriteHeader((string Name, bool IsRaw)? backing)
    {
        Span<byte> header = File;
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x00444551);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)ClusterSize);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)TableClusters);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)HeaderClusters);
        ulong features = _random.Next(6) == 0 ? ReferenceQed.NeedsCheckBit : 0;
        if (backing is { } named)
        {
            features |= ReferenceQed.HasBacking | (named.IsRaw ? ReferenceQed.BackingIsRaw : 0);
            int at = Pick(_random, 64, 64, 512, 3000, (HeaderClusters * ClusterSize) - named.Name.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header[56..], (uint)at);
            BinaryPrimitives.WriteUInt32LittleEndian(header[60..], (uint)named.Name.Length);
            Encoding.ASCII.GetBytes(named.Name).CopyTo(header[at..]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], features);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], _random.Next(40) == 0 ? 0x10UL : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], _random.Next(20) == 0 ? 0x5UL : 0);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], L1Offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], Length);
    }

    private void WriteTables(byte[] below)
    {
        long span = Entries * ClusterSize;
        int tables = (int)((Length + span - 1) / span);
        int[] indexes = [.. Enumerable.Range(0, tables)];
        _random.Shuffle(indexes);
        for (int i = 0; i < Tables.Count; i++)
        {
            long entry = L1Offset + (8L * indexes[i]);
            Put(entry, Tables[i]);
            L1Entries.Add(entry);
        }

        int maker = _random.Next(1, 1000);
        int next = _random.Next(8);
        for (int i = 0; i < _free.Count && Tables.Count > 0; i++)
        {
            int table = _random.Next(Tables.Count);
            long reach = Math.Min(span, Length - (indexes[table] * span));
            long most = (reach + ClusterSize - 1) / ClusterSize;
            long index = _random.Next(3) == 0 ? _random.NextInt64(most) : next++ % most;
            long entry = Tables[table] + (8 * index);
            if (Get(entry) == 0)
            {
                Put(entry, _free[i]);
                L2Entries.Add(entry);
                Data.Add(_free[i]);
                Fill(_free[i], (indexes[table] * span) + (index * ClusterSize), maker, below);
            }
        }

        for (int i = _random.Next(4); i > 0 && Tables.Count > 0; i--)
        {
            int table = _random.Next(Tables.Count);
            long reach = Math.Min(span, Length - (indexes[table] * span));
            long entry = Tables[table] + (8 * _random.NextInt64((reach + ClusterSize - 1) / ClusterSize));
            if (Get(entry) == 0)
            {
                Put(entry, 1);
            }
        }
    }

    private void Fill(long at, long virtualOffset, int maker, byte[] below)
    {
        Span<byte> cluster = File.AsSpan((int)at, ClusterSize);
        switch (_random.Next(12))
        {
            case 0:
                break;
            case 1 when virtualOffset < below.Length:
                ReadOnlySpan<byte> same = below.AsSpan((int)virtualOffset);
                same[..Math.Min(same.Length, cluster.Length)].CopyTo(cluster);
                break;
            case 2:
                Stamp(cluster[..(ClusterSize / 2)], maker, at / ClusterSize);
                break;
            case 3:
                // A guest may store data that looks like a table.
                for (int i = 0; i < ClusterSize; i += 8)
                {
                    ulong word = _random.Next(40) == 0 ? (ulong)(_random.Next(File.Length) / ClusterSize * (long)ClusterSize) : (ulong)(_random.Next(60) / 59);
                    BinaryPrimitives.WriteUInt64LittleEndian(cluster[i..], word);
                }

                break;
            default:
                Stamp(cluster, maker, at / ClusterSize);
                break;
        }
    }

    private void Put(long at, long value) => BinaryPrimitives.WriteInt64LittleEndian(File.AsSpan((int)at), value);

    private long Get(long at) => BinaryPrimitives.ReadInt64LittleEndian(File.AsSpan((int)at));
}
