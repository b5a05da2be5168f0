using System;
using System.Linq;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>
/// An overlay that is being merged reads the same at every moment; its backing file stays intact, with every sector old or new.
/// </summary>
internal sealed class MergeScenario(Below below, bool keeps, bool isShuffled = false) : Scenario
{
    private const int BaseSize = 400 << 10;
    private const int TopSize = 512 << 10;

    private byte[] _contents = [];
    private byte[] _base = [];

    public override string Name => $"merge into {below}{(keeps ? ", kept" : string.Empty)}{(isShuffled ? ", shuffled" : string.Empty)}";

    private string BaseName => below == Below.Raw ? "base.raw" : "base.qed";

    public override void Prepare(MemoryHost host)
    {
        if (below == Below.Raw)
        {
            host.Put(BaseName, Images.Pattern(1, BaseSize));
        }
        else
        {
            host.Put("lowest.raw", Images.Pattern(3, BaseSize));
            Images.Make(host, BaseName, BaseSize, tableSize: 1, isShuffled ? new BackingReference("lowest.raw", IsRaw: true) : null);
            if (isShuffled)
            {
                // Only for its table: where none is added, nothing but the order of the commit keeps data before entries.
                Images.Change(host, BaseName, disk => disk.Write(0, Images.Pattern(1, Images.ClusterSize)));
            }
            else
            {
                Images.Scatter(host, BaseName, 1, pieces: 15);
            }
        }

        Images.Make(host, Top, TopSize, tableSize: 1, new BackingReference(BaseName, IsRaw: below == Below.Raw));
        if (isShuffled)
        {
            Images.Shuffle(host, Top, 2, clusters: 60);
        }
        else
        {
            Images.Scatter(host, Top, 2, pieces: 12);
            Images.Change(host, Top, disk =>
            {
                disk.Zero(64 << 10, 24 << 10);
                disk.Write(TopSize - 7000, Images.Pattern(4, 5000));
            });
        }

        _contents = Images.Read(host, Top);
        _base = Images.Read(host, BaseName);
    }

    public override void Act(MemoryHost host) => DiskMerge.Run(host.PathOf(Top), new DiskMergeOptions { Keep = keeps });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        RequireBase(host, isEnd, isRepaired: false);
        if (below == Below.Qed)
        {
            Images.RequireEqual(_contents, Images.Read(host, Top), "the overlay before any repair");
            Images.RequireRepairable(host, BaseName, withBackup: state.Count % 2 == 1);
            RequireBase(host, isEnd, isRepaired: true);
        }

        Images.RequireReads(host, Top, _contents, withBackup: state.Count % 2 == 0);
        long own = host.Do(() => ImageCheck.Run(host.PathOf(Top), new ImageCheckOptions { ForceShare = true }).AllocatedClusters);
        if (isEnd && !keeps && own != 0)
        {
            throw new ViolationException($"The overlay still has {own} clusters.");
        }
    }

    private void RequireBase(MemoryHost host, bool isEnd, bool isRepaired)
    {
        byte[] now;
        if (below == Below.Qed && !isRepaired)
        {
            now = Images.ReadWhatCanBeRead(host, BaseName, out var unreadable);
            if (unreadable.Count > 0)
            {
                return; // entries point past the end of the file; the base is examined after the repair has removed them
            }
        }
        else
        {
            now = Images.Read(host, BaseName);
        }

        // A raw file's length may be anything between the two; each sector is old or new, or zero where the file grew.
        byte[] old = [.. _base, .. new byte[Math.Max(0, _contents.Length - _base.Length)]];
        for (int at = 0; at < Math.Max(now.Length, _base.Length); at += PowerCut.SectorSize)
        {
            int size = Math.Min(PowerCut.SectorSize, _contents.Length - at);
            byte[] sector = new byte[size];
            now.AsSpan(Math.Min(at, now.Length), Math.Clamp(now.Length - at, 0, size)).CopyTo(sector);
            bool isNew = _contents.AsSpan(at, size).SequenceEqual(sector);
            bool isPart = at < _base.Length && at + size > _base.Length;
            if (!isNew && (isEnd || (!old.AsSpan(at, size).SequenceEqual(sector) && !isPart && sector.Any(b => b != 0))))
            {
                throw new ViolationException($"The sector at {at} of the backing file is neither old nor new.");
            }

            if (!isNew && !old.AsSpan(at, size).SequenceEqual(sector) && at + size <= _base.Length)
            {
                throw new ViolationException($"The sector at {at} of the backing file is lost.");
            }
        }
    }
}
