using System;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>
/// An overlay that is being merged into a file two layers down reads the same at every moment, and so do the layers between; of the file itself every
/// sector is old or new.
/// </summary>
internal sealed class MergeIntoScenario(Below below, bool keeps) : Scenario
{
    private const string Lowest = "lowest.qed";
    private const string Middle = "middle.qed";
    private const int BaseSize = 256 << 10;
    private const int LowestSize = 320 << 10;
    private const int MiddleSize = 200 << 10;
    private const int TopSize = 384 << 10;

    private byte[] _top = [];
    private byte[] _middle = [];
    private byte[] _lowest = [];
    private byte[] _base = [];

    public override string Name => $"merge through two layers into {below}{(keeps ? ", kept" : string.Empty)}";

    private string BaseName => below == Below.Raw ? "base.raw" : "base.qed";

    public override void Prepare(MemoryHost host)
    {
        if (below == Below.Raw)
        {
            host.Put(BaseName, Images.Pattern(1, BaseSize));
        }
        else
        {
            Images.Make(host, BaseName, BaseSize, tableSize: 1);
            Images.Scatter(host, BaseName, 1, pieces: 15);
        }

        Images.Make(host, Lowest, LowestSize, tableSize: 1, new BackingReference(BaseName, IsRaw: below == Below.Raw));
        Images.Scatter(host, Lowest, 2, pieces: 7);
        Images.Make(host, Middle, MiddleSize, tableSize: 2, new BackingReference(Lowest, IsRaw: false));
        Images.Scatter(host, Middle, 3, pieces: 4);
        Images.Change(host, Middle, disk => disk.Zero(32 << 10, 8 << 10));
        Images.Make(host, Top, TopSize, tableSize: 1, new BackingReference(Middle, IsRaw: false));
        Images.Scatter(host, Top, 4, pieces: 9);
        Images.Change(host, Top, disk =>
        {
            disk.Zero(64 << 10, 24 << 10);
            disk.Write(TopSize - 7000, Images.Pattern(5, 5000));
        });
        (_top, _middle, _lowest, _base) = (Images.Read(host, Top), Images.Read(host, Middle), Images.Read(host, Lowest), Images.Read(host, BaseName));
    }

    public override void Act(MemoryHost host) =>
        DiskMerge.Run(host.PathOf(Top), new DiskMergeOptions { Into = host.PathOf(BaseName), Keep = keeps });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        RequireOverlays(host, "before any repair");
        if (below == Below.Qed)
        {
            Images.RequireRepairable(host, BaseName, withBackup: state.Count % 2 == 1);
        }

        RequireBase(host, isEnd);
        foreach (string name in new[] { Lowest, Middle, Top })
        {
            Images.RequireRepairable(host, name, withBackup: state.Count % 2 == 0);
        }

        RequireOverlays(host, "after the repair");
        QedImageInfo top = host.Do(() => ImageInspection.Run(host.PathOf(Top), new ImageInspectionOptions()));
        long own = host.Do(() => ImageCheck.Run(host.PathOf(Top), new ImageCheckOptions { ForceShare = true }).AllocatedClusters);
        if (isEnd && (keeps ? top.BackingFile != Middle : top.BackingFile != BaseName || own != 0))
        {
            throw new ViolationException($"The overlay has {own} clusters and the backing file {top.BackingFile}.");
        }
    }

    private void RequireOverlays(MemoryHost host, string when)
    {
        Images.RequireEqual(_top, Images.Read(host, Top), $"the overlay {when}");
        Images.RequireEqual(_middle, Images.Read(host, Middle), $"the layer between {when}");
        Images.RequireEqual(_lowest, Images.Read(host, Lowest), $"the lowest layer {when}");
    }

    private void RequireBase(MemoryHost host, bool isEnd)
    {
        byte[] now = Images.Read(host, BaseName);
        byte[] old = [.. _base, .. new byte[_top.Length - _base.Length]];
        Array.Resize(ref now, _top.Length);
        for (int at = 0; at < now.Length; at += PowerCut.SectorSize)
        {
            ReadOnlySpan<byte> sector = now.AsSpan(at, PowerCut.SectorSize);
            bool isNew = sector.SequenceEqual(_top.AsSpan(at, PowerCut.SectorSize));
            bool isOld = sector.SequenceEqual(old.AsSpan(at, PowerCut.SectorSize));
            bool isLost = below == Below.Qed && !sector.ContainsAnyExcept((byte)0);
            if (!isNew && (isEnd || (!isOld && !isLost)))
            {
                throw new ViolationException($"The sector at {at} of the base is neither old nor new.");
            }
        }
    }
}
