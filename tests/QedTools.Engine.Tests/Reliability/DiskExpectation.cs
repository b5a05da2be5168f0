using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>What a disk may hold after a crash: what was flushed, or any of what was written since, sector by sector.</summary>
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

    /// <summary>What the disk holds with all changes.</summary>
    public byte[] Newest => _newest;

    /// <summary>Notes a change that is about to be made.</summary>
    /// <param name="from">How many events had happened.</param>
    /// <param name="offset">Where on the disk, in bytes.</param>
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

    /// <summary>Notes that all changes so far are safe.</summary>
    /// <param name="count">How many events had happened when that was said.</param>
    public void Flushed(int count)
    {
        _epochs.Add(new Epoch(count, _changes.Count, _newest));
        _isNewestShared = true;
    }

    /// <summary>A number that grows with each flush.</summary>
    public int PhaseAt(int count) => _epochs.FindLastIndex(epoch => epoch.At <= count);

    /// <summary>Fails unless the disk holds what it may.</summary>
    /// <param name="contents">What it holds.</param>
    /// <param name="unreadable">Its clusters that cannot be read: that may only be what was changed and not flushed.</param>
    /// <param name="count">How many events had happened.</param>
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
                    throw new ViolationException($"The sector at {at} cannot be read, though it was not changed since the last flush.");
                }
            }
            else if (!safe.SequenceEqual(sector) && !IsOneOf(begun, at, safe, sector))
            {
                throw new ViolationException($"The sector at {at} is neither what was flushed nor what was written since.");
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
