using System;
using System.Collections.Generic;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>A resized disk has the old size or the new one; the part common to both stays, and added space is zeroes.</summary>
internal sealed class ResizeScenario(Below below, long from, long to) : Scenario
{
    private byte[] _before = [];

    public override string Name => $"resize from {from} to {to}, {below} below";

    public override void Prepare(MemoryHost host)
    {
        // Longer than either size: growing must not expose this data.
        const int BaseSize = 5 << 20;
        if (below == Below.Raw)
        {
            host.Put("base.raw", Images.Pattern(11, BaseSize));
        }

        Images.Make(host, Top, from, tableSize: 1, below == Below.Raw ? new BackingReference("base.raw", IsRaw: true) : null);
        Images.Change(host, Top, disk =>
        {
            disk.Write(0, Images.Pattern(1, 3 * Images.ClusterSize));
            disk.Write(disk.Length / 2, Images.Pattern(2, 5000));
            disk.Write(disk.Length - 9000, Images.Pattern(3, 9000));
        });
        _before = Images.Read(host, Top);
    }

    public override void Act(MemoryHost host) =>
        ImageResize.Run(host.PathOf(Top), to, new ImageResizeOptions { Shrink = true });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        byte[] now = Images.ReadWhatCanBeRead(host, Top, out HashSet<long> unreadable);
        if (unreadable.Count > 0)
        {
            throw new ViolationException($"{unreadable.Count} clusters cannot be read.");
        }

        Require(now, isEnd);
        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0);
        Require(Images.Read(host, Top), isEnd);
    }

    private void Require(byte[] now, bool isEnd)
    {
        if (now.Length != to && (isEnd || now.Length != from))
        {
            throw new ViolationException($"The size is {now.Length}.");
        }

        int common = (int)Math.Min(from, to);
        Images.RequireEqual(_before.AsSpan(0, common), now.AsSpan(0, common), "the part common to both sizes");
        for (int at = common; at < now.Length; at++)
        {
            // Data that a shrink cuts off is there until the new size has reached the disk.
            bool isAllowed = now[at] == (now.Length == to ? 0 : _before[at]);
            if (!isAllowed)
            {
                throw new ViolationException($"The byte at {at} is {now[at]:x2}.");
            }
        }
    }
}
