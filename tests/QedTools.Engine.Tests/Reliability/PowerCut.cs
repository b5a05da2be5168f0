using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>A state of all files that a power cut could have left.</summary>
/// <param name="Count">The number of recorded events before the power cut.</param>
/// <param name="Files">The files, by name.</param>
/// <param name="Description">The unflushed changes that are part of it.</param>
internal sealed record CrashState(int Count, SortedDictionary<string, byte[]> Files, string Description);

/// <summary>
/// Rebuilds the states of an operation's files that a power cut could have left. Everything flushed is there. Of the rest, any
/// part may be there: any sectors of the writes, and any of the file's lengths. A sector on the disk holds everything written to it
/// up to some moment, because the host writes from its cache. Each file is flushed separately, and renaming takes effect at once.
/// </summary>
internal static class PowerCut
{
    public const int SectorSize = 512;

    // Which of the unflushed changes a sample includes.
    private enum Pick
    {
        All,
        None,
        LastOnly,
        AllButOne,
        Some,
    }

    /// <summary>All states, for each prefix of the recorded events.</summary>
    /// <param name="recording">What the operation did.</param>
    /// <param name="random">Chooses the samples.</param>
    /// <param name="samples">The number of random states for each prefix, in addition to the systematic ones.</param>
    public static IEnumerable<CrashState> StatesOf(Recording recording, Random random, int samples)
    {
        Dictionary<int, Track> files = [];
        foreach ((string name, byte[] contents) in recording.Before)
        {
            files.Add(recording.Numbers[name], new Track(name, contents));
        }

        for (int count = 0; count <= recording.Events.Count; count++)
        {
            if (count > 0 && !Advance(files, recording.Events[count - 1]))
            {
                continue;
            }

            bool hasUnflushed = files.Values.Any(file => file.Unflushed.Count > 0);
            yield return Build(count, files, Pick.All, random);
            if (!hasUnflushed)
            {
                continue;
            }

            yield return Build(count, files, Pick.None, random);
            yield return Build(count, files, Pick.LastOnly, random);
            yield return Build(count, files, Pick.AllButOne, random);
            for (int i = 0; i < samples; i++)
            {
                yield return Build(count, files, Pick.Some, random);
            }
        }
    }

    // Returns whether the states can differ from the earlier ones.
    private static bool Advance(Dictionary<int, Track> files, HostEvent change)
    {
        switch (change.Kind)
        {
            case HostEventKind.Create:
                files.Add(change.File, new Track(change.Name, []));
                return true;
            case HostEventKind.Rename:
                foreach (int replaced in files.Where(pair => pair.Value.Name == change.Name).Select(pair => pair.Key).ToArray())
                {
                    files.Remove(replaced);
                }

                files[change.File].Name = change.Name;
                return true;
            case HostEventKind.Write or HostEventKind.SetLength:
                files[change.File].Unflushed.Add(change);
                return true;
            case HostEventKind.Flush:
                files[change.File].Flush();
                return true;
            case HostEventKind.Nothing:
                return true;
            default:
                return false;
        }
    }

    private static CrashState Build(int count, Dictionary<int, Track> files, Pick pick, Random random)
    {
        SortedDictionary<string, byte[]> contents = new(StringComparer.Ordinal);
        List<string> description = [];
        foreach (Track file in files.Values)
        {
            contents[file.Name] = file.Build(pick, random, description);
        }

        return new CrashState(count, contents, $"{pick}: {string.Join(", ", description)}");
    }

    private sealed class Track(string name, byte[] durable)
    {
        private byte[] _durable = durable;

        public string Name { get; set; } = name;

        public List<HostEvent> Unflushed { get; } = [];

        public void Flush()
        {
            _durable = Unflushed.Count == 0 ? _durable : Build(Pick.All, new Random(0), []);
            Unflushed.Clear();
        }

        public byte[] Build(Pick pick, Random random, List<string> description)
        {
            if (Unflushed.Count == 0)
            {
                return _durable;
            }

            int capacity = (int)Unflushed.Max(e => e.End) + SectorSize;
            Medium cache = new(_durable, capacity);
            Medium disk = new(_durable, capacity);
            int odd = random.Next(Unflushed.Count);
            for (int i = 0; i < Unflushed.Count; i++)
            {
                bool isTaken = pick switch
                {
                    Pick.All => true,
                    Pick.None => false,
                    Pick.LastOnly => i == Unflushed.Count - 1,
                    Pick.AllButOne => i != odd,
                    _ => random.Next(3) > 0,
                };
                bool isTorn = pick == Pick.Some && random.Next(2) == 0;
                HostEvent change = Unflushed[i];
                if (change.Kind == HostEventKind.SetLength)
                {
                    cache.SetLength(change.Offset);
                    if (isTaken)
                    {
                        disk.SetLength(change.Offset);
                        description.Add(change.ToString());
                    }

                    continue;
                }

                cache.Write(change.Offset, change.Data);
                bool growsOnDisk = pick == Pick.Some ? random.Next(2) == 0 : isTaken;
                if (growsOnDisk)
                {
                    disk.Reach(change.End);
                }

                if (isTaken)
                {
                    (long start, long end) = isTorn ? PartOf(change, random) : (change.Offset, change.End);
                    disk.TakeSectors(cache, start, end);
                    description.Add($"{Name}: write {start}+{end - start}{(growsOnDisk ? string.Empty : " without the length")}");
                }
            }

            return disk.ToArray();
        }

        // The first or the last sectors of a write.
        private static (long Start, long End) PartOf(HostEvent change, Random random)
        {
            long firstEnd = (change.Offset / SectorSize * SectorSize) + SectorSize;
            if (change.End <= firstEnd)
            {
                return (change.Offset, change.End);
            }

            long cut = firstEnd + (random.NextInt64(1 + ((change.End - firstEnd - 1) / SectorSize)) * SectorSize);
            return random.Next(2) == 0 ? (change.Offset, cut) : (cut, change.End);
        }
    }

    /// <summary>A file's bytes, some of which may be past its end: they are written, but the length that includes them is not.</summary>
    private sealed class Medium
    {
        private readonly byte[] _bytes;
        private long _length;

        public Medium(byte[] contents, int capacity)
        {
            _bytes = new byte[Math.Max(contents.Length, capacity) + SectorSize];
            contents.CopyTo(_bytes, 0);
            _length = contents.Length;
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            data.CopyTo(_bytes.AsSpan((int)offset));
            Reach(offset + data.Length);
        }

        public void Reach(long end) => _length = Math.Max(_length, end);

        public void SetLength(long length)
        {
            if (length < _length)
            {
                _bytes.AsSpan((int)length).Clear();
            }

            _length = length;
        }

        public void TakeSectors(Medium cache, long start, long end)
        {
            int first = (int)(start / SectorSize * SectorSize);
            int last = (int)((end + SectorSize - 1) / SectorSize * SectorSize);
            cache._bytes.AsSpan(first, last - first).CopyTo(_bytes.AsSpan(first));
        }

        public byte[] ToArray() => _bytes.AsSpan(0, (int)_length).ToArray();
    }
}
