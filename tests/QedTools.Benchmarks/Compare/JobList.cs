using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>All jobs, in the order of the report. Each job and its inputs are created when its turn comes.</summary>
internal sealed class JobList(Session session, int share)
{
    private const long LargestClusters = 1L << 30;
    private const long LargestFile = 65L << 40;

    private static readonly int[] Parts = [4, 2, 1];
    private static readonly bool[] Scattered = [true, false];
    private static readonly (string Extension, string Ours, string[] Theirs)[] SharedTargets =
    [
        ("raw", string.Empty, []), ("vhdx", string.Empty, []), ("qcow2", string.Empty, []), ("vhd", "-Fixed", ["-o", "subformat=fixed,force_size=on"]),
    ];

    private readonly TableJobs _tables = new(session);
    private readonly CopyJobs _copies = new(session);
    private readonly StreamJobs _streams = new(session);
    private readonly ServeJobs _servers = new(session);
    private readonly HashJobs _hashes = new(session);
    private readonly SharedJobs _shared = new(session);
    private readonly ScaleJobs _scale = new(session);
    private readonly bool _sharesBlocks = SharedJobs.ArePossible();
    private readonly bool _hasLongFiles = ScaleJobs.FileCanHave(LargestFile / share);

    /// <summary>The jobs that qemu-img can do as well.</summary>
    public IEnumerable<(string Name, Func<Inputs, Job> Make)> Compared =>
    [
        ("Test-QedImage, 64 KiB", inputs => _tables.Check(inputs, 65536, (16 << 20) / share, 0.09)),
        ("Test-QedImage, 4 KiB", inputs => _tables.Check(inputs, 4096, (4 << 20) / share, 0.16)),
        ("Get-QedAllocationMap, objects", inputs => _tables.Map(inputs, (1 << 20) / share)),
        ("Get-QedAllocationMap, JSON lines", inputs => _tables.MapToJsonLines(inputs, (1 << 20) / share)),
        ("Get-QedAllocationMap, Where-Object", inputs => _tables.MapToWhereObject(inputs, (1 << 20) / share)),
        ("Where-Object alone", inputs => _tables.WhereObjectAlone(inputs, (1 << 20) / share)),
        ("Get-QedInfo", inputs => _tables.Info(inputs, Part(1000))),
        ("Convert-QedImage, QED to raw", inputs => _copies.QedToRaw(inputs, DiskSize, flushes: false)),
        ("Convert-QedImage, QED to raw, flushed", inputs => _copies.QedToRaw(inputs, DiskSize, flushes: true)),
        ("Convert-QedImage, QED to VHDX", inputs => _copies.QedToVhdx(inputs, DiskSize, flushes: false)),
        ("Convert-QedImage, QED to VHDX, flushed", inputs => _copies.QedToVhdx(inputs, DiskSize, flushes: true)),
        ("Convert-QedImage, QED to qcow2", inputs => _copies.QedToQcow2(inputs, DiskSize, flushes: false)),
        ("Convert-QedImage, QED to qcow2, flushed", inputs => _copies.QedToQcow2(inputs, DiskSize, flushes: true)),
        ("Convert-QedImage, holes to QED", inputs => _copies.RawToQed(inputs, DiskSize, storesZeroes: false, flushes: false)),
        ("Convert-QedImage, holes to QED, flushed", inputs => _copies.RawToQed(inputs, DiskSize, storesZeroes: false, flushes: true)),
        ("Convert-QedImage, dense to QED", inputs => _copies.RawToQed(inputs, DiskSize, storesZeroes: true, flushes: false)),
        ("Convert-QedImage, dense to QED, flushed", inputs => _copies.RawToQed(inputs, DiskSize, storesZeroes: true, flushes: true)),
        ("Convert-QedImage -Compress, qcow2, deflate", inputs => _copies.Compressed(
            inputs, DiskSize / 4, "qcow2", "qcow2 with deflate", "-Compress", "-c")),
        ("Convert-QedImage -Compress, qcow2, zstd", inputs => _copies.Compressed(
            inputs, DiskSize / 4, "qcow2", "qcow2 with zstd", "-Compress -CompressionType Zstd", "-c", "-o", "compression_type=zstd")),
        ("Convert-QedImage -Compress, streamOptimized", inputs => _copies.Compressed(
            inputs, DiskSize / 4, "vmdk", "streamOptimized VMDK", "-Compress", "-o", "subformat=streamOptimized")),
        ("Compare-QedImage", inputs => _copies.Compare(inputs, DiskSize)),
        ("Merge-QedImage", inputs => _copies.Merge(inputs, DiskSize / 2)),
        ("Merge-QedImage -Keep", inputs => _copies.Merge(inputs, DiskSize / 2, keeps: true)),
        ("4 KiB random reads", inputs => _streams.RandomReads(inputs, DiskSize, Part(50_000))),
        ("4 KiB random writes", inputs => _streams.RandomWrites(inputs, DiskSize, Part(10_000))),
        ("Start-QedNbdServer, out, 2 connections", inputs => _servers.CopyOut(inputs, DiskSize, connections: 2)),
        ("Start-QedNbdServer, out, 4 connections", inputs => _servers.CopyOut(inputs, DiskSize, connections: 4)),
        ("Start-QedNbdServer, in, 2 connections", inputs => _servers.CopyIn(inputs, DiskSize, connections: 2, "qed")),
        ("Start-QedNbdServer, in, 4 connections", inputs => _servers.CopyIn(inputs, DiskSize, connections: 4, "qed")),
        ("Start-QedNbdServer, in, 2 connections, qcow2", inputs => _servers.CopyIn(inputs, DiskSize, connections: 2, "qcow2")),
        ("Start-QedNbdServer, in, 4 connections, qcow2", inputs => _servers.CopyIn(inputs, DiskSize, connections: 4, "qcow2")),
        ("Start-QedNbdServer, random reads", inputs => _servers.RandomReads(inputs, DiskSize, Part(100_000))),
        ("Get-QedImageHash, threads", inputs => HashJobs.Threads(inputs, DiskSize / 4)),
        ("Get-QedImageHash, one thread", inputs => HashJobs.Plain(inputs, DiskSize / 4)),
        ("Get-QedImageHash, mapped zeroes", inputs => _hashes.MappedZeroes(inputs, (16 << 20) / share)),
        .. _sharesBlocks ? Shared : [],
    ];

    private IEnumerable<(string Name, Func<Inputs, Job> Make)> Shared =>
    [
        .. from isScattered in Scattered
           from target in SharedTargets
           select ($"Convert-QedImage, sharing blocks, to {target.Extension}", (Func<Inputs, Job>)(inputs => _shared.FromQed(
               inputs, DiskSize / 4, isScattered, target.Extension, target.Ours, target.Theirs))),
        ("Convert-QedImage, sharing blocks, from raw, scattered", inputs => _shared.FromRaw(inputs, DiskSize / 4, isScattered: true)),
        ("Convert-QedImage, sharing blocks, from raw", inputs => _shared.FromRaw(inputs, DiskSize / 4, isScattered: false)),
        ("Merge-QedImage, sharing blocks", inputs => _shared.Merge(inputs, DiskSize / 4)),
    ];

    /// <summary>The jobs whose time must grow no faster than the work, in three sizes each.</summary>
    public IEnumerable<(string Name, IReadOnlyList<Func<Inputs, Job>> Sizes)> Growing =>
    [
        ("Test-QedImage, 64 KiB", Sizes(16 << 20, (inputs, size) => _tables.Check(inputs, 65536, size, 0))),
        ("Get-QedAllocationMap, objects", Sizes(1 << 20, _tables.Map)),
        ("Convert-QedImage, QED to raw", Sizes(4L << 30, (inputs, size) => _copies.QedToRaw(inputs, size, flushes: false))),
        ("Convert-QedImage, dense to QED", Sizes(4L << 30, (inputs, size) => _copies.RawToQed(inputs, size, storesZeroes: true, flushes: false))),
        ("Compare-QedImage", Sizes(4L << 30, _copies.Compare)),
        ("Merge-QedImage", Sizes(2L << 30, (inputs, size) => _copies.Merge(inputs, size))),
        ("Get-QedInfo, a folder", Sizes(10_000, _scale.Info)),
        ("Get-QedOverlay, a folder", Sizes(10_000, _scale.Overlays)),
        .. _hasLongFiles ? LargestDisks : [],
        .. _sharesBlocks ? SharedInSizes : [],
    ];

    // 64 TiB, the most that the default cluster and table size allow.
    private IEnumerable<(string Name, IReadOnlyList<Func<Inputs, Job>> Sizes)> LargestDisks =>
    [
        ("Test-QedImage, up to 64 TiB mapped", Sizes(LargestClusters, _scale.Check)),
        ("Get-QedAllocationMap, up to 64 TiB mapped", Sizes(LargestClusters, _scale.Map)),
    ];

    private IEnumerable<(string Name, IReadOnlyList<Func<Inputs, Job>> Sizes)> SharedInSizes =>
    [
        ("Convert-QedImage, sharing blocks, scattered", Sizes(1L << 30, (inputs, size) => _shared.FromQed(inputs, size, isScattered: true, "raw", string.Empty))),
        ("Convert-QedImage, sharing blocks, long extents", Sizes(1L << 30, (inputs, size) => _shared.FromQed(inputs, size, isScattered: false, "raw", string.Empty))),
    ];

    private long DiskSize => (4L << 30) / share;

    private int Part(int full) => full / share;

    private List<Func<Inputs, Job>> Sizes(long full, Func<Inputs, long, Job> make) =>
        [.. Parts.Select(part => full / share / part).Select(size => (Func<Inputs, Job>)(inputs => make(inputs, size)))];
}
