using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using System.Text;
using QedTools.Tests.Support;
using ZstdSharp;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>
/// A qcow2 file built by hand: an L1 table in its second cluster, L2 tables and data wherever a test wants them. It has no refcounts,
/// because reading does not need them.
/// </summary>
internal sealed class Qcow2Sketch
{
    public const ulong Copied = 1UL << 63;
    public const ulong Compressed = 1UL << 62;

    private int _extensionsEnd;

    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="clusterBits">The binary logarithm of a cluster's size in bytes.</param>
    /// <param name="version">2 or 3.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="hasSubclusters">Whether L2 entries have 128 bits.</param>
    public Qcow2Sketch(long virtualSize, int clusterBits = 12, uint version = 3, string path = "memory.qcow2", bool hasSubclusters = false)
    {
        HasSubclusters = hasSubclusters;
        Version = version;
        ClusterBits = clusterBits;
        VirtualSize = virtualSize;
        Storage = new MemoryStorage(path);
        L1Offset = ClusterSize;
        long tables = virtualSize == 0 ? 0 : ((virtualSize - 1) / BytesPerTable) + 1;
        Storage.SetLength(L1Offset + (((tables * 8) + ClusterSize - 1) / ClusterSize * ClusterSize));
        Storage.Write(0, [(byte)'Q', (byte)'F', (byte)'I', 0xFB]);
        Write32(4, version);
        Write32(20, (uint)clusterBits);
        Write64(24, (ulong)virtualSize);
        Write32(36, (uint)tables);
        Write64(40, (ulong)L1Offset);
        if (version >= 3)
        {
            Write64(72, hasSubclusters ? 16u : 0u);
            Write32(96, 4);
            Write32(100, 104);
        }

        _extensionsEnd = version >= 3 ? 104 : 72;
    }

    public MemoryStorage Storage { get; }

    /// <summary>Whether compressed clusters are Zstandard frames; see <see cref="UseZstd"/>.</summary>
    public bool IsZstd { get; private set; }

    public uint Version { get; }

    public int ClusterBits { get; }

    public bool HasSubclusters { get; }

    private int EntryBytes => HasSubclusters ? 16 : 8;

    public int ClusterSize => 1 << ClusterBits;

    public long BytesPerTable => (long)ClusterSize * ClusterSize / EntryBytes;

    public long VirtualSize { get; }

    public long L1Offset { get; set; }

    public void Write32(long offset, uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Storage.Write(offset, bytes);
    }

    public void Write64(long offset, ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Storage.Write(offset, bytes);
    }

    public ulong Read64(long offset)
    {
        byte[] bytes = new byte[8];
        Storage.Read(offset, bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>Declares that compressed clusters are Zstandard frames; call this first.</summary>
    public void UseZstd()
    {
        Write64(72, Read64(72) | 8);
        Write32(100, 112);
        Write32(104, 0x01000000);
        _extensionsEnd = 112;
        IsZstd = true;
    }

    /// <summary>Adds a header extension after the last one.</summary>
    public void AddExtension(uint type, byte[] data)
    {
        Write32(_extensionsEnd, type);
        Write32(_extensionsEnd + 4, (uint)data.Length);
        Storage.Write(_extensionsEnd + 8, data);
        _extensionsEnd += 8 + ((data.Length + 7) / 8 * 8);
    }

    /// <summary>Declares that the data is in another file.</summary>
    public void NameDataFile(string name)
    {
        Write64(72, Read64(72) | 4);
        AddExtension(0x44415441, Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Stores the name of a backing file after the extensions.</summary>
    public void NameBacking(string name, string? format = null)
    {
        if (format is not null)
        {
            AddExtension(0xE2792ACA, Encoding.UTF8.GetBytes(format));
        }

        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Write64(8, (ulong)_extensionsEnd + 8);
        Write32(16, (uint)bytes.Length);
        Storage.Write(_extensionsEnd + 8, bytes);
    }

    /// <summary>Adds clusters at the end of the file.</summary>
    public long Append(int count = 1)
    {
        long start = (Storage.Length + ClusterSize - 1) / ClusterSize * ClusterSize;
        Storage.SetLength(start + ((long)count * ClusterSize));
        return start;
    }

    /// <summary>The file offset of a cluster's L2 entry; creates the table if there is none.</summary>
    public long EntryOffset(long cluster)
    {
        long perTable = ClusterSize / EntryBytes;
        long l1 = L1Offset + (cluster / perTable * 8);
        if (Read64(l1) == 0)
        {
            Write64(l1, (ulong)Append() | Copied);
        }

        return (long)(Read64(l1) & 0x00FF_FFFF_FFFF_FE00) + (cluster % perTable * EntryBytes);
    }

    public void SetEntry(long cluster, ulong entry) => Write64(EntryOffset(cluster), entry);

    /// <summary>Sets the bits of a cluster's subclusters: those that are allocated, and those that are zeroes.</summary>
    public void SetSubclusters(long cluster, uint allocated, uint zero) => Write64(EntryOffset(cluster) + 8, ((ulong)zero << 32) | allocated);

    /// <summary>Gives a cluster data at the end of the file, in all of its subclusters.</summary>
    /// <returns>Its file offset.</returns>
    public long Put(long cluster, ReadOnlySpan<byte> data)
    {
        long entry = EntryOffset(cluster);
        long place = Append();
        Storage.Write(place, data);
        Write64(entry, (ulong)place | Copied);
        if (HasSubclusters)
        {
            SetSubclusters(cluster, uint.MaxValue, 0);
        }

        return place;
    }

    /// <summary>Gives a cluster compressed data, which need not be aligned.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="data">The uncompressed data.</param>
    /// <param name="gap">The distance from the end of the file to its start, in bytes.</param>
    /// <returns>Its file offset and its length.</returns>
    public (long Place, int Length) PutCompressed(long cluster, byte[] data, int gap = 0)
    {
        return PutPacked(cluster, IsZstd ? Zstd(data) : Deflate(data), gap);
    }

    /// <summary>Gives a cluster data that is already compressed.</summary>
    public (long Place, int Length) PutPacked(long cluster, byte[] packed, int gap = 0)
    {
        long entry = EntryOffset(cluster);
        long place = Storage.Length + gap;
        Storage.Write(place, packed);
        Write64(entry, CompressedEntry(place, packed.Length));
        return (place, packed.Length);
    }

    /// <summary>The L2 entry for compressed data.</summary>
    public ulong CompressedEntry(long place, int length)
    {
        long sectors = ((place + length - 1) / 512) - (place / 512);
        return Compressed | ((ulong)sectors << (62 - (ClusterBits - 8))) | (ulong)place;
    }

    /// <summary>The offset of the snapshot table.</summary>
    public long SnapshotsOffset { get; private set; }

    /// <summary>Adds the snapshot table at the end of the file.</summary>
    public void AddSnapshots(params SketchedSnapshot[] snapshots)
    {
        SnapshotsOffset = Append(0);
        long at = SnapshotsOffset;
        foreach (SketchedSnapshot snapshot in snapshots)
        {
            byte[] id = Encoding.UTF8.GetBytes(snapshot.Id);
            byte[] name = Encoding.UTF8.GetBytes(snapshot.Name);
            Storage.SetLength(at + ((40 + snapshot.ExtraBytes + id.Length + name.Length + 7) / 8 * 8));
            Write64(at, (ulong)(snapshot.L1Offset ?? L1Offset));
            Write32(at + 8, snapshot.L1Size ?? (uint)(((VirtualSize - 1) / BytesPerTable) + 1));
            Write32(at + 12, ((uint)id.Length << 16) | (uint)name.Length);
            Write32(at + 36, (uint)snapshot.ExtraBytes);
            if (snapshot.ExtraBytes >= 16)
            {
                Write64(at + 48, (ulong)(snapshot.VirtualSize ?? VirtualSize));
            }

            Storage.Write(at + 40 + snapshot.ExtraBytes, id);
            Storage.Write(at + 40 + snapshot.ExtraBytes + id.Length, name);
            at = Storage.Length;
        }

        Write32(60, (uint)snapshots.Length);
        Write64(64, (ulong)SnapshotsOffset);
    }

    public static byte[] Zstd(byte[] data)
    {
        using Compressor compressor = new(3);
        return compressor.Wrap(data).ToArray();
    }

    public static byte[] Deflate(byte[] data)
    {
        using MemoryStream packed = new();
        using (DeflateStream stream = new(packed, CompressionLevel.Fastest))
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }
}
