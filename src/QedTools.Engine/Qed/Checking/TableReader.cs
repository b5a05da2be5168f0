using System;
using System.Runtime.InteropServices;
using System.Threading;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed.Checking;

/// <summary>Reads whole tables from front to back in large pieces, and skips what lies in holes.</summary>
internal sealed class TableReader
{
    private const int PieceBytes = 1 << 20;

    // Asking for a smaller one costs more than reading it.
    private const int SmallestHoleLookedFor = 64 << 10;

    private readonly IStorage _storage;
    private readonly QedGeometry _geometry;
    private readonly CancellationToken _cancellation;
    private readonly ulong[] _piece;

    /// <param name="storage">The image's file.</param>
    /// <param name="geometry">Its sizes.</param>
    /// <param name="cancellation">Stops the reading between two pieces.</param>
    public TableReader(IStorage storage, QedGeometry geometry, CancellationToken cancellation)
    {
        _storage = storage;
        _geometry = geometry;
        _cancellation = cancellation;
        _piece = new ulong[Math.Min(PieceBytes, geometry.TableBytes) / QedGeometry.EntrySize];
    }

    /// <summary>Takes a piece of a table.</summary>
    /// <param name="firstIndex">The index of its first entry.</param>
    /// <param name="entries">Its entries, in the machine's byte order; only valid during the call.</param>
    public delegate void PieceHandler(long firstIndex, ReadOnlySpan<ulong> entries);

    /// <summary>Hands out a table's entries in order; stretches in holes, which are all zeroes, are left out.</summary>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long tableOffset, PieceHandler handle)
    {
        long end = tableOffset + _geometry.TableBytes;
        for (long at = tableOffset; at < end;)
        {
            _cancellation.ThrowIfCancellationRequested();
            StorageRange range = end - at > SmallestHoleLookedFor ? _storage.RangeAt(at, end - at) : new StorageRange(end - at, IsHole: false);
            if (range.IsHole)
            {
                // An entry that straddles the hole's end is read with the data behind it.
                long skipped = range.Length & ~(QedGeometry.EntrySize - 1L);
                if (skipped > 0)
                {
                    at += skipped;
                    continue;
                }
            }

            long wanted = Math.Min(end - at, (range.Length + QedGeometry.EntrySize - 1) & ~(QedGeometry.EntrySize - 1L));
            Span<ulong> entries = _piece.AsSpan(0, (int)Math.Min(_piece.Length, wanted / QedGeometry.EntrySize));
            int count = _storage.Read(at, MemoryMarshal.AsBytes(entries)) / QedGeometry.EntrySize;
            if (count == 0)
            {
                return;
            }

            entries = entries.Slice(0, count);
            LittleEndian.Convert(entries);
            handle((at - tableOffset) / QedGeometry.EntrySize, entries);
            at += (long)count * QedGeometry.EntrySize;
        }
    }
}
