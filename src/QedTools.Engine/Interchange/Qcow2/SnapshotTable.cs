using System;
using System.Collections.Generic;
using System.Text;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>The list of a file's internal snapshots ("Snapshots"), read entry by entry, because the length of an entry varies.</summary>
internal static class SnapshotTable
{
    /// <summary>QEMU does not open files with more snapshots.</summary>
    public const uint MaxSnapshots = 65536;

    // The most that QEMU reads.
    private const long MaxBytes = 64 << 20;

    /// <summary>The snapshots in the order of the table.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="header">Its header, validated.</param>
    /// <exception cref="QedDamagedFileException">An entry is not inside the file.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IEnumerable<(SnapshotEntry Entry, string Id, string Name)> Read(IStorage storage, Qcow2Header header)
    {
        if (header.Snapshots == 0)
        {
            yield break;
        }

        Qcow2Damage.Require(header.Snapshots <= MaxSnapshots, storage.Path, "nb_snapshots", header.Snapshots, $"at most {MaxSnapshots}");
        Qcow2Geometry geometry = header.Geometry;
        long length = storage.Length;
        Qcow2Damage.Require(
            header.SnapshotsOffset >= (ulong)geometry.ClusterSize && header.SnapshotsOffset < (ulong)length && geometry.OffsetIn((long)header.SnapshotsOffset) == 0,
            storage.Path,
            "snapshots_offset",
            header.SnapshotsOffset,
            $"a multiple of {geometry.ClusterSize}, at least that, inside the file's {length} bytes");
        long start = (long)header.SnapshotsOffset;
        long end = Math.Min(length, start + MaxBytes);
        byte[] bytes = new byte[SnapshotEntry.MaxParsedBytes];
        for (uint i = 0; i < header.Snapshots; i++)
        {
            if (end - start < SnapshotEntry.FixedBytes)
            {
                throw Damaged(i, "past the end of the table or of the file", end);
            }

            Array.Clear(bytes, 0, bytes.Length);
            storage.ReadExactly(start, bytes.AsSpan(0, (int)Math.Min(bytes.Length, end - start)));
            SnapshotEntry entry = SnapshotEntry.Parse(bytes);

            // The last entry needs no padding.
            if (entry.StringsAt + entry.IdLength + entry.NameLength > end - start)
            {
                throw Damaged(i, FormattableString.Invariant($"{entry.PaddedBytes} bytes at {start}"), end);
            }

            byte[] strings = new byte[entry.IdLength + entry.NameLength];
            storage.ReadExactly(start + entry.StringsAt, strings);
            yield return (
                entry, Encoding.UTF8.GetString(strings, 0, entry.IdLength), Encoding.UTF8.GetString(strings, entry.IdLength, entry.NameLength));
            start = Math.Min(end, start + entry.PaddedBytes);
        }

        QedDamagedFileException Damaged(uint index, string found, long end) => Qcow2Damage.Of(
            storage.Path, FormattableString.Invariant($"the snapshot table's entry {index}"), found, FormattableString.Invariant($"one that ends before {end}"));
    }
}
