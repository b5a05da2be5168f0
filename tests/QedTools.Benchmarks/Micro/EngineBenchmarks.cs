using System;
using System.IO;
using BenchmarkDotNet.Attributes;
using QedTools.Disks;
using QedTools.Qed.Format;

namespace QedTools.Benchmarks.Micro;

/// <summary>The hot paths of the engine.</summary>
[MemoryDiagnoser]
public class EngineBenchmarks : IDisposable
{
    private const long DiskSize = 1 << 30;

    // Every other cluster is mapped, so that each is a separate extent.
    private const long DataStep = 2 * 65536;

    private readonly byte[] _header = new byte[QedHeader.Size];
    private readonly byte[] _zeroes = new byte[1 << 20];
    private readonly byte[] _block = new byte[4096];
    private readonly ulong[] _entries = new ulong[8192];
    private readonly string _path = Path.Combine(Path.GetTempPath(), "qedtools-micro-" + Guid.NewGuid().ToString("N") + ".qed");
    private readonly Random _random = new(1);
    private DiskStream? _stream;

    /// <summary>Creates the inputs.</summary>
    [GlobalSetup]
    public void Setup()
    {
        new QedHeader(65536, 4, 1, QedFeatures.None, 0, 0, 65536, (ulong)DiskSize, 0, 0).WriteTo(_header);
        for (int i = 0; i < _entries.Length; i++)
        {
            _entries[i] = (ulong)(i + 16) * 65536;
        }

        ImageCreation.Run(_path, new ImageCreationOptions { SizeBytes = DiskSize });
        _stream = DiskOpening.Run(_path, new DiskOpeningOptions { Writable = true });
        for (long at = 0; at < DiskSize; at += DataStep)
        {
            _stream.Position = at;
            _stream.Write(_block);
        }

        _stream.Dispose();
        _stream = DiskOpening.Run(_path, new DiskOpeningOptions { Writable = true });
    }

    /// <summary>Parses and validates a header.</summary>
    [Benchmark]
    public object HeaderParse()
    {
        QedHeader header = QedHeader.Parse(_header, "x", 1 << 20);
        header.Validate("x", 1 << 20);
        return header;
    }

    /// <summary>Counts a run of contiguous entries: a page of a table.</summary>
    [Benchmark]
    public int EntryScanContiguous() => EntryScan.CountContiguous(_entries, _entries[0], 65536);

    /// <summary>Opens the image and walks its 16,384 extents.</summary>
    [Benchmark]
    public long ExtentWalk()
    {
        long extents = 0;
        foreach (QedExtent extent in ImageMapping.Run(_path, new ImageMappingOptions { ForceShare = true }))
        {
            extents++;
        }

        return extents;
    }

    /// <summary>Scans 1 MiB of zeroes.</summary>
    [Benchmark]
    public bool ZeroDetection() => ZeroScan.IsZero(_zeroes);

    /// <summary>Reads 4 KiB at a random offset.</summary>
    [Benchmark]
    public int RandomRead()
    {
        _stream!.Position = _random.NextInt64(DiskSize / 4096) * 4096;
        return _stream.Read(_block);
    }

    /// <summary>Writes 4 KiB in place at a random offset.</summary>
    [Benchmark]
    public void RandomWrite()
    {
        _stream!.Position = _random.NextInt64(DiskSize / DataStep) * DataStep;
        _stream.Write(_block);
    }

    /// <summary>Removes the image.</summary>
    [GlobalCleanup]
    public void Cleanup() => Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
        File.Delete(_path);
        GC.SuppressFinalize(this);
    }
}
