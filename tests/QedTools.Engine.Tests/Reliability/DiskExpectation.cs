using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>What a disk may hold after a crash: in each sector, the flushed contents or any of the later writes.</summary>
internal sealed class DiskExpectation
{
    private readonly List<Epoch> _epochs = [];
    private readonly List<(int From, long Offset, byte[] Data)> _changes = [];
    private byte[] _newest;
    private bool _isNewestShared = true;

    public DiskExpectation(byte[] contents)
    {
        _newest = contents;
        _epochs.Add(new Epoch(0, 0, contents));
    }

    /// <summary>The disk's contents with all changes.</summary>
    public byte[] Newest => _newest;

    /// <summary>Records a change that is about to be made.</summary>
    /// <param name="from">The number of events so far.</param>
    /// <param name="offset">The offset on the disk, in bytes.</param>
    /// <param name="data">The new contents.</param>
    public void Change(int from, long offset, byte[] data)
    {
        _changes.Add((from, offset, data));
        if (_isNewestShared)
        {
            _newest = [.. _newest];
            _isNewestShared = false;
        }

        data.CopyTo(_newest, offset);
    }

    /// <summary>Records that all changes so far are safe.</summary>
    /// <param name="count">The number of events before this was reported.</param>
    public void Flushed(int count)
    {
        _epochs.Add(new Epoch(count, _changes.Count, _newest));
        _isNewestShared = true;
    }

    /// <summary>A number that grows with each flush.</summary>
    public int PhaseAt(int count) => _epochs.FindLastIndex(epoch => epoch.At <= count);

    /// <summary>Fails unless the disk holds something that it may hold.</summary>
    /// <param name="contents">The disk's contents.</param>
    /// <param name="unreadable">The clusters that cannot be read; only clusters with unflushed changes may be among them.</param>
    /// <param name="count">The number of events so far.</param>
    public void Require(byte[] contents, HashSet<long> unreadable, int count)
    {
        Epoch epoch = _epochs[PhaseAt(count)];
        if (contents.Length != epoch.Safe.Length)
        {
            throw new ViolationException($"The disk has {contents.Length} bytes instead of {epoch.Safe.Length}.");
        }

        (int From, long Offset, byte[] Data)[] begun =
            [.. _changes.Skip(epoch.Changes).Where(change => change.From <= count)];
        for (int at = 0; at < contents.Length; at += PowerCut.SectorSize)
        {
            int size = Math.Min(PowerCut.SectorSize, contents.Length - at);
            ReadOnlySpan<byte> sector = contents.AsSpan(at, size);
            ReadOnlySpan<byte> safe = epoch.Safe.AsSpan(at, size);
            if (unreadable.Contains(at / Images.ClusterSize))
            {
                if (!begun.Any(change => IsInCluster(change, at)))
                {
                    throw new ViolationException($"The sector at {at} cannot be read, although it has not changed since the last flush.");
                }
            }
            else if (!safe.SequenceEqual(sector) && !IsOneOf(begun, at, safe, sector))
            {
                throw new ViolationException($"The sector at {at} holds neither the flushed contents nor anything written since.");
            }
        }
    }

    private static bool IsInCluster((int From, long Offset, byte[] Data) change, int at)
    {
        long start = at / Images.ClusterSize * Images.ClusterSize;
        return change.Offset < start + Images.ClusterSize && change.Offset + change.Data.Length > start;
    }

    private static bool IsOneOf(
        (int From, long Offset, byte[] Data)[] changes, int at, ReadOnlySpan<byte> safe, ReadOnlySpan<byte> sector)
    {
        byte[] now = safe.ToArray();
        foreach ((_, long offset, byte[] data) in changes)
        {
            long start = Math.Max(offset, at);
            long end = Math.Min(offset + data.Length, at + now.Length);
            if (start < end)
            {
                data.AsSpan((int)(start - offset), (int)(end - start)).CopyTo(now.AsSpan((int)(start - at)));
                if (now.AsSpan().SequenceEqual(sector))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private sealed record Epoch(int At, int Changes, byte[] Safe);
}
