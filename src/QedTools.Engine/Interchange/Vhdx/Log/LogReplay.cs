using System;
using System.Collections.Generic;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>Shows a file as it is once its log is replayed, without a change to it.</summary>
internal static class LogReplay
{
    // As many as the largest log can hold, with a sector of data for each.
    private const int MaxDescriptors = 1 << 20;

    /// <summary>Replays the log in memory.</summary>
    /// <param name="file">The file.</param>
    /// <param name="header">Its header.</param>
    /// <returns>The file as it should be: the file itself if there is nothing to replay.</returns>
    /// <exception cref="QedDamagedFileException">The log is damaged, or the file is shorter than the log requires.</exception>
    /// <exception cref="QedUnsupportedFormatException">The log is of another version.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static IStorage Over(IStorage file, in VhdxHeader header)
    {
        if (header.LogGuid == Guid.Empty)
        {
            return file;
        }

        if (header.LogVersion != 0)
        {
            throw QedUnsupportedFormatException.ForFeature(file.Path, VhdxFormat.FormatName, $"a log of version {header.LogVersion}");
        }

        LogReader reader = new(file, FileRegions.LogOf(file.Path, file.Length, header), header.LogGuid);
        IReadOnlyList<LogEntry> entries = reader.ActiveSequence();
        if (entries.Count == 0)
        {
            // A program may have stopped between announcing a log and writing to it. Nothing that the log must precede was written then either.
            return !reader.HasEntries
                ? file
                : throw VhdxDamage.Of(file.Path, "the number of intact entries in the log", 0, "at least 1, because there are entries to replay");
        }

        LogEntryHeader head = entries[entries.Count - 1].Header;
        VhdxDamage.Require(
            head.FlushedFileOffset <= (ulong)file.Length, file.Path, "the file's length", (ulong)file.Length, $"at least {head.FlushedFileOffset}, according to the log");
        return new ReplayedStorage(file, PatchesOf(file, reader, entries), (long)Math.Min(long.MaxValue, head.LastFileOffset));
    }

    // Later descriptors override earlier ones.
    private static List<LogPatch> PatchesOf(IStorage file, LogReader reader, IReadOnlyList<LogEntry> entries)
    {
        List<LogPatch> layers = [];
        foreach (LogEntry entry in entries)
        {
            long dataAt = entry.Position + (entry.Header.DescriptorSectors * LogEntryHeader.SectorSize);
            foreach (LogDescriptor? found in reader.DescriptorsOf(entry))
            {
                if (found is not { } descriptor)
                {
                    continue;
                }

                VhdxDamage.Require(
                    layers.Count < MaxDescriptors, file.Path, "the number of descriptors in the log", (ulong)layers.Count + 1, $"at most {MaxDescriptors}");
                long start = (long)descriptor.FileOffset;
                layers.Add(new LogPatch(
                    start,
                    start + (long)descriptor.Length,
                    descriptor.IsData ? reader.FileOffsetOf(dataAt) : null,
                    descriptor.LeadingBytes,
                    descriptor.TrailingBytes));
                dataAt += descriptor.IsData ? LogEntryHeader.SectorSize : 0;
            }
        }

        return Flatten(layers);
    }

    // A sweep over all starts and ends: between two of them the last layer that covers the place wins.
    private static List<LogPatch> Flatten(List<LogPatch> layers)
    {
        List<(long At, int Layer, bool Begins)> edges = [];
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Start < layers[i].End)
            {
                edges.Add((layers[i].Start, i, true));
                edges.Add((layers[i].End, i, false));
            }
        }

        edges.Sort(static (a, b) => a.At.CompareTo(b.At));
        List<LogPatch> patches = [];
        SortedSet<int> covering = [];
        for (int i = 0; i < edges.Count; i++)
        {
            if (covering.Count > 0 && edges[i].At > edges[i - 1].At)
            {
                // A sector of data is no longer than the distance between two edges, so it is never split.
                patches.Add(layers[covering.Max] with { Start = edges[i - 1].At, End = edges[i].At });
            }

            _ = edges[i].Begins ? covering.Add(edges[i].Layer) : covering.Remove(edges[i].Layer);
        }

        return patches;
    }
}
