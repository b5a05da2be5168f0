using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed.Checking;

/// <summary>A part of a table that is read in one go.</summary>
/// <param name="TableOffset">Where its table begins in the file, in bytes.</param>
/// <param name="FirstIndex">The index of its first entry in the table.</param>
/// <param name="Count">How many entries; at least 1, at most <see cref="TableReader.PieceEntries"/>.</param>
internal readonly record struct TablePiece(long TableOffset, long FirstIndex, int Count);

/// <summary>
/// Reads whole tables from front to back in large pieces, and skips holes. A table that extended past the end of the file when the
/// reader was created ends there, whatever is appended to the file later.
/// </summary>
internal sealed class TableReader
{
    private const int PieceBytes = 512 << 10;

    // Looking for a smaller hole costs more than reading it.
    private const int MinHoleBytes = 64 << 10;

    private readonly IStorage _storage;
    private readonly QedGeometry _geometry;
    private readonly CancellationToken _cancellation;
    private readonly long _length;

    /// <param name="storage">The image's file.</param>
    /// <param name="geometry">Its sizes.</param>
    /// <param name="cancellation">Cancels between two pieces.</param>
    public TableReader(IStorage storage, QedGeometry geometry, CancellationToken cancellation)
    {
        _storage = storage;
        _geometry = geometry;
        _cancellation = cancellation;
        _length = storage.Length;
        PieceEntries = (int)(Math.Min(PieceBytes, geometry.TableBytes) / QedGeometry.EntrySize);
    }

    /// <summary>Handles a piece of a table.</summary>
    /// <param name="firstIndex">The index of its first entry.</param>
    /// <param name="entries">Its entries, in the machine's byte order; valid only during the call.</param>
    public delegate void PieceHandler(long firstIndex, ReadOnlySpan<ulong> entries);

    /// <summary>The number of entries in the largest piece.</summary>
    public int PieceEntries { get; }

    /// <summary>Passes a table's entries to a handler in order, without those in holes, which are all zeroes.</summary>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long tableOffset, PieceHandler handle)
    {
        using WorkBuffer<ulong> buffer = new(PieceEntries);
        foreach (TablePiece piece in PiecesOf(tableOffset))
        {
            handle(piece.FirstIndex, Read(piece, buffer.Span));
        }
    }

    /// <summary>The pieces of a table in order, without those in holes and past the end of the file.</summary>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    public IEnumerable<TablePiece> PiecesOf(long tableOffset)
    {
        // If less than a sector is missing, the rest is zeroes.
        long there = Math.Max(0, _length - tableOffset);
        bool isWhole = there > _geometry.TableBytes - Sector.Size;
        long end = tableOffset + (isWhole ? _geometry.TableBytes : there & ~(QedGeometry.EntrySize - 1L));
        for (long at = tableOffset; at < end;)
        {
            StorageRange range = end - at > MinHoleBytes ? _storage.RangeAt(at, end - at) : new StorageRange(end - at, IsHole: false);
            if (range.IsHole)
            {
                // An entry that straddles the hole's end is read with the data after it. A file that was cut short in the meantime
                // also seems to have a hole past its end: reading shows the difference.
                long skipped = Math.Min(range.Length, Math.Max(0, _storage.Length - at)) & ~(QedGeometry.EntrySize - 1L);
                if (skipped > 0)
                {
                    _cancellation.ThrowIfCancellationRequested();
                    at += skipped;
                    continue;
                }
            }

            for (long until = Math.Min(end, at + ((range.Length + QedGeometry.EntrySize - 1) & ~(QedGeometry.EntrySize - 1L))); at < until;)
            {
                _cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(PieceEntries, (until - at) / QedGeometry.EntrySize);
                yield return new TablePiece(tableOffset, (at - tableOffset) / QedGeometry.EntrySize, count);
                at += (long)count * QedGeometry.EntrySize;
            }
        }
    }

    /// <summary>Reads a piece. Several threads may call this at once.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="buffer">Receives its entries.</param>
    /// <returns>The entries, in the machine's byte order.</returns>
    /// <exception cref="QedFileChangedException">The file was cut short after the reader was created.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public ReadOnlySpan<ulong> Read(TablePiece piece, Span<ulong> buffer)
    {
        Span<ulong> entries = buffer.Slice(0, piece.Count);
        Span<byte> bytes = MemoryMarshal.AsBytes(entries);
        long at = QedGeometry.EntryOffset(piece.TableOffset, piece.FirstIndex);
        int there = (int)Math.Max(0, Math.Min(bytes.Length, _length - at));
        _storage.ReadExactly(at, bytes.Slice(0, there));
        bytes.Slice(there).Clear();
        LittleEndian.Convert(entries);
        return entries;
    }
}
