using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Tests.Reliability;

/// <summary>What is below the image that a scenario writes to.</summary>
internal enum Below
{
    Nothing,
    Raw,
    Qed,
}

/// <summary>
/// Writes, zeroes and flushes in any order: flushed data is intact, and unflushed sectors are old or new. Closing packs the file.
/// </summary>
internal sealed class WriteScenario(Below below, int tableSize, int seed, int steps) : Scenario
{
    // Writes go to the first and the last part of the disk: with tables of one cluster, these are in two tables.
    private const int Window = 384 << 10;

    private readonly int _size = tableSize == 1 ? (2 << 20) + Window : 2 * Window;
    private byte[] _contents = [];
    private DiskExpectation _expectation = new([]);

    public override string Name => $"write and zero, {below} below, tables of {tableSize}, script {seed}";

    public override void Prepare(MemoryHost host)
    {
        if (below == Below.Raw)
        {
            host.Put("base.raw", Images.Pattern(seed, 500_000));
        }
        else if (below == Below.Qed)
        {
            Images.Make(host, "base.qed", 600 << 10);
            Images.Scatter(host, "base.qed", seed, pieces: 20);
        }

        BackingReference? backing = below == Below.Nothing
            ? null
            : new BackingReference(below == Below.Raw ? "base.raw" : "base.qed", IsRaw: below == Below.Raw);
        Images.Make(host, Top, _size, tableSize, backing);
        if (below == Below.Qed)
        {
            // Most writes are then in place.
            Images.Change(host, Top, disk => disk.Write(0, Images.Pattern(seed + 1, Window * 9 / 10)));
        }

        _contents = Images.Read(host, Top);
    }

    public override void Act(MemoryHost host)
    {
        _expectation = new DiskExpectation(_contents);
        Random random = new(seed);
        using BackingChain chain = BackingChain.OpenAll(
            host.PathOf(Top), DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, AllowUnc: false));
        chain.Layers[0].BeginWriting(progress: null, CancellationToken.None);
        IDisk disk = chain.ToDisk();
        for (int step = 0; step < steps; step++)
        {
            if (random.Next(4) == 0)
            {
                disk.Flush();
                _expectation.Flushed(host.Events.Count);
                continue;
            }

            bool isAligned = random.Next(3) > 0;
            int unit = isAligned ? Images.ClusterSize : 1;
            int length = Math.Max(1, random.Next(1, 5 * Images.ClusterSize) / unit * unit);
            length = isAligned ? Math.Max(length, unit) : length;
            long offset = (random.Next((Window - length) / unit) * (long)unit) + (random.Next(2) * (_size - Window));
            byte[] data = new byte[length];
            bool zeroes = random.Next(3) == 0;
            if (!zeroes)
            {
                random.NextBytes(data);
            }

            _expectation.Change(host.Events.Count, offset, data);
            if (zeroes)
            {
                disk.Zero(offset, length);
            }
            else
            {
                disk.Write(offset, data);
            }
        }

        chain.Close();
        _expectation.Flushed(host.Events.Count);
    }

    public override int PhaseAt(int count) => _expectation.PhaseAt(count);

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        byte[] contents = Images.ReadWhatCanBeRead(host, Top, out HashSet<long> unreadable);
        _expectation.Require(contents, unreadable, state.Count);
        if (isEnd && host.Do(() => ImageInspection.Run(host.PathOf(Top), new ImageInspectionOptions()).NeedsCheck))
        {
            throw new ViolationException("The image was closed but is not clean.");
        }

        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0);
        _expectation.Require(Images.Read(host, Top), [], state.Count);
    }
}
