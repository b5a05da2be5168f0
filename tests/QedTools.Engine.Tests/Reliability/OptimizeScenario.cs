using System;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>An image that is being optimized reads the same at every moment.</summary>
internal sealed class OptimizeScenario(string? fixture, Below below, int tableSize) : Scenario
{
    private byte[] _contents = [];
    private long _sizeBefore;

    public override string Name => fixture is null
        ? $"optimize, {below} below, tables of {tableSize}"
        : $"optimize {fixture}";

    public override void Prepare(MemoryHost host)
    {
        if (fixture is not null)
        {
            host.PutFixture(fixture, Top);
        }
        else
        {
            byte[] raw = Images.Pattern(1, 300_000);
            if (below == Below.Raw)
            {
                host.Put("base.raw", raw);
            }

            Images.Make(host, Top, 3 << 20, tableSize, below == Below.Raw ? new BackingReference("base.raw", IsRaw: true) : null);
            Images.Change(host, Top, disk =>
            {
                // Zeroes, copies of the backing file's contents, and data in turn, so that everything has to move.
                disk.Write(0, new byte[6 * Images.ClusterSize]);
                disk.Write(8 * Images.ClusterSize, raw.AsSpan(8 * Images.ClusterSize, 5 * Images.ClusterSize));
                disk.Write(40 * Images.ClusterSize, Images.Pattern(2, 6 * Images.ClusterSize));
                disk.Write((2 << 20) - (2 * Images.ClusterSize), Images.Pattern(3, 5 * Images.ClusterSize));
                disk.Write(60 * Images.ClusterSize, new byte[3 * Images.ClusterSize]);
                disk.Write((3 << 20) - 1000, Images.Pattern(4, 1000));
            });
        }

        _contents = Images.Read(host, Top);
        _sizeBefore = host.Get(Top).Length;
    }

    public override void Act(MemoryHost host) =>
        ImageOptimization.Run(host.PathOf(Top), new ImageOptimizationOptions { AgainstBackingFile = true });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        if (isEnd && host.Get(Top).Length >= _sizeBefore)
        {
            throw new ViolationException("The file is not smaller.");
        }

        Images.RequireEqual(_contents, Images.Read(host, Top), "the disk before the repair");
        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0, wasDamaged: fixture is not null && !isEnd);
        Images.RequireEqual(_contents, Images.Read(host, Top), "the disk after the repair");
    }
}

/// <summary>Closing an image with freed clusters packs it: it reads the same at every moment.</summary>
internal sealed class PackingScenario(int tableSize) : Scenario
{
    private const int Size = 3 << 20;
    private const int Cut = 2 << 20;

    private byte[] _before = [];
    private int _resized;

    public override string Name => $"packing at close, tables of {tableSize}";

    public override void Prepare(MemoryHost host)
    {
        host.Put("base.raw", Images.Pattern(9, 1 << 20));
        Images.Make(host, Top, Size, tableSize, new BackingReference("base.raw", IsRaw: true));
        Images.Change(host, Top, disk =>
        {
            for (int i = 0; i < 12; i++)
            {
                disk.Write((long)i * 60 * Images.ClusterSize, Images.Pattern(i, 2 * Images.ClusterSize));
            }
        });
        _before = Images.Read(host, Top);
    }

    public override void Act(MemoryHost host)
    {
        _resized = int.MaxValue;
        using DiskStream stream = DiskOpening.Run(host.PathOf(Top), new DiskOpeningOptions { Writable = true });

        // Through the stream, shrinking is the way to free clusters.
        stream.SetLength(Cut);
        stream.SetLength(Size);
        _resized = host.Events.Count;
    }

    public override int PhaseAt(int count) => count >= _resized ? 1 : 0;

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        byte[] contents = Images.Read(host, Top);
        Images.RequireEqual(_before.AsSpan(0, Cut), contents.AsSpan(0, Cut), "the part that is not cut off");
        if (PhaseAt(state.Count) > 0 && (contents.Length != Size || contents.AsSpan(Cut).IndexOfAnyExcept((byte)0) >= 0))
        {
            throw new ViolationException("The part that was cut off and added again does not read as zeroes.");
        }

        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0);
        Images.RequireEqual(contents, Images.Read(host, Top), "the disk after the repair");
    }
}
