using System;
using System.Buffers.Binary;
using System.Text;
using QedTools.Qed;
using QedTools.Tests.Support;

namespace QedTools.Tests.Qed.Metadata;

/// <summary>An image in memory, built entry by entry, valid or not. Shares no code with the engine's writer.</summary>
internal sealed class ImageSketch
{
    private readonly ulong _features;
    private readonly string? _backingName;
    private long _virtualSize;

    public ImageSketch(int clusterSize, int tableSize, long virtualSize, int headerSize = 1, ulong features = 0, string? backingName = null)
    {
        ClusterSize = clusterSize;
        TableSize = tableSize;
        HeaderSize = headerSize;
        L1Offset = (long)headerSize * clusterSize;
        _features = features;
        _backingName = backingName;
        Storage.SetLength(L1Offset + TableBytes);
        VirtualSize = virtualSize;
    }

    public MemoryStorage Storage { get; } = new();

    public int ClusterSize { get; }

    public int TableSize { get; }

    public int HeaderSize { get; }

    public long L1Offset { get; }

    public long TableBytes => (long)TableSize * ClusterSize;

    /// <summary>Entries in a table.</summary>
    public long Entries => TableBytes / 8;

    /// <summary>Bytes of the disk that one L2 table maps.</summary>
    public long Span => Entries * ClusterSize;

    public long VirtualSize
    {
        get => _virtualSize;
        set
        {
            _virtualSize = value;
            WriteHeader();
        }
    }

    /// <summary>Lengthens the file by whole clusters and returns the offset where they begin.</summary>
    public long Append(long clusters)
    {
        long at = (Storage.Length + ClusterSize - 1) / ClusterSize * ClusterSize;
        Storage.SetLength(at + (clusters * ClusterSize));
        return at;
    }

    public ulong GetL1(long index) => Get(L1Offset + (index * 8));

    public void SetL1(long index, ulong value) => Set(L1Offset + (index * 8), value);

    public void SetL1(long index, long offset) => SetL1(index, (ulong)offset);

    /// <summary>Entry <paramref name="index"/> of the table at <paramref name="table"/>.</summary>
    public ulong GetL2(long table, long index) => Get(table + (index * 8));

    public void SetL2(long table, long index, ulong value) => Set(table + (index * 8), value);

    public void SetL2(long table, long index, long offset) => SetL2(table, index, (ulong)offset);

    /// <summary>The offset of an L1 entry's table; appends a table if there is none.</summary>
    public long TableAt(long l1Index)
    {
        if (GetL1(l1Index) == 0)
        {
            SetL1(l1Index, Append(TableSize));
        }

        return (long)GetL1(l1Index);
    }

    /// <summary>Sets the entry of a cluster of the disk.</summary>
    public void Map(long cluster, ulong value) => SetL2(TableAt(cluster / Entries), cluster % Entries, value);

    public void Map(long cluster, long offset) => Map(cluster, (ulong)offset);

    public QedImage Open() => QedImage.Open(Storage);

    private ulong Get(long offset)
    {
        Span<byte> bytes = stackalloc byte[8];
        Storage.Read(offset, bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private void Set(long offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Storage.Write(offset, bytes);
    }

    private void WriteHeader()
    {
        byte[] header = new byte[HandMadeHeader.NameOffset + Encoding.UTF8.GetByteCount(_backingName ?? string.Empty)];
        HandMadeHeader.WriteTo(header, ClusterSize, TableSize, VirtualSize, HeaderSize, _features, _backingName);
        Storage.Write(0, header);
    }
}
