using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>Reads the log of a file, a ring of entries, and finds those that must be replayed ([MS-VHDX], 2.3).</summary>
/// <param name="file">The file.</param>
/// <param name="log">Where its log is.</param>
/// <param name="logGuid">Which entries are valid.</param>
internal sealed class LogReader(IStorage file, FileRegion log, Guid logGuid)
{
    private const int ChunkBytes = 64 << 10;

    // In a ring that was written front to back, each entry is checked at most twice. More means a file crafted to cost time.
    private const int MaxPasses = 8;

    private readonly byte[] _sector = new byte[LogEntryHeader.SectorSize];
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private long _checked;

    /// <summary>Whether the log has any entry with its identity, valid or not.</summary>
    public bool HasEntries { get; private set; }

    /// <summary>The entries that must be replayed, in order; none if there is no valid sequence.</summary>
    /// <exception cref="QedDamagedFileException">The log is crafted to take very long.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public IReadOnlyList<LogEntry> ActiveSequence()
    {
        List<LogEntry> active = [];
        for (long at = 0; at < log.Length;)
        {
            List<LogEntry> sequence = SequenceFrom(at);
            if (sequence.Count == 0)
            {
                at += LogEntryHeader.SectorSize;
                continue;
            }

            // A sequence without the entry that its last one names as the tail is left over from an older one. So is each part of it.
            LogEntry head = sequence[sequence.Count - 1];
            int tail = sequence.FindIndex(entry => entry.Position == head.Header.Tail);
            if (tail >= 0 && (active.Count == 0 || head.Header.SequenceNumber > active[active.Count - 1].Header.SequenceNumber))
            {
                active = sequence.GetRange(tail, sequence.Count - tail);
            }

            foreach (LogEntry entry in sequence)
            {
                at += entry.Header.EntryLength;
            }
        }

        return active;
    }

    /// <summary>Reads a range of the log, which wraps around at its end.</summary>
    /// <param name="position">Where in the log, in bytes; may be past its end.</param>
    /// <param name="buffer">Must not extend across the end.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long position, Span<byte> buffer) => file.ReadExactly(FileOffsetOf(position), buffer);

    /// <summary>Where in the file a position in the log is, in bytes.</summary>
    public long FileOffsetOf(long position) => log.Start + (position % log.Length);

    private List<LogEntry> SequenceFrom(long position)
    {
        List<LogEntry> sequence = [];
        long end = position;
        while (EntryAt(end % log.Length) is { } entry
            && end + entry.Header.EntryLength <= position + log.Length
            && (sequence.Count == 0 || entry.Header.SequenceNumber == sequence[sequence.Count - 1].Header.SequenceNumber + 1))
        {
            sequence.Add(entry);
            end += entry.Header.EntryLength;
        }

        return sequence;
    }

    private LogEntry? EntryAt(long position)
    {
        Read(position, _sector);
        if (LogEntryHeader.Parse(_sector) is not { } header || header.LogGuid != logGuid)
        {
            return null;
        }

        HasEntries = true;
        return header.IsPlausible(logGuid, log.Length) && IsIntact(position, header) ? new LogEntry(position, header) : null;
    }

    private bool IsIntact(long position, in LogEntryHeader header)
    {
        _checked += header.EntryLength;
        VhdxDamage.Require(
            _checked <= MaxPasses * log.Length, file.Path, "the log's length with all its entries, in bytes", (ulong)_checked, $"at most {MaxPasses * log.Length}");
        uint state = Crc32C.AppendStructure(Crc32C.Start, _sector);
        for (long done = LogEntryHeader.SectorSize; done < header.EntryLength;)
        {
            long from = (position + done) % log.Length;
            Span<byte> chunk = _chunk.AsSpan(0, (int)Math.Min(Math.Min(ChunkBytes, header.EntryLength - done), log.Length - from));
            Read(from, chunk);
            state = Crc32C.Append(state, chunk);
            done += chunk.Length;
        }

        return ~state == header.Checksum && HasFittingParts(position, header);
    }

    // All parts of an entry carry its sequence number.
    private bool HasFittingParts(long position, in LogEntryHeader header)
    {
        long dataSectors = 0;
        foreach (LogDescriptor? descriptor in DescriptorsOf(new LogEntry(position, header)))
        {
            if (descriptor is not { } known || !known.IsPlausible(header.SequenceNumber))
            {
                return false;
            }

            if (!known.IsData)
            {
                continue;
            }

            if (dataSectors == header.DataSectors)
            {
                return false;
            }

            Read(position + ((header.DescriptorSectors + dataSectors) * LogEntryHeader.SectorSize), _sector);
            if (!_sector.AsSpan().StartsWith("data"u8)
                || BinaryPrimitives.ReadUInt32LittleEndian(_sector.AsSpan(4)) != (uint)(header.SequenceNumber >> 32)
                || BinaryPrimitives.ReadUInt32LittleEndian(_sector.AsSpan(LogEntryHeader.SectorSize - sizeof(uint))) != (uint)header.SequenceNumber)
            {
                return false;
            }

            dataSectors++;
        }

        return dataSectors == header.DataSectors;
    }

    /// <summary>The descriptors of an entry in order; null stands for one that has no known signature.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public IEnumerable<LogDescriptor?> DescriptorsOf(LogEntry entry)
    {
        byte[] sector = new byte[LogEntryHeader.SectorSize];
        int at = LogEntryHeader.Size;
        Read(entry.Position, sector);
        long read = 1;
        for (uint i = 0; i < entry.Header.DescriptorCount; i++)
        {
            if (at == sector.Length)
            {
                Read(entry.Position + (read * LogEntryHeader.SectorSize), sector);
                read++;
                at = 0;
            }

            yield return LogDescriptor.Parse(sector.AsSpan(at));
            at += LogDescriptor.Size;
        }
    }
}
