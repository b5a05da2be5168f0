using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>A random chain: layers with their own contents, and the contents that each must read as.</summary>
internal sealed class DiskChain
{
    private readonly List<(MemoryStorage Storage, QedGeometry? Geometry, ModelDisk Model)> _layers = [];
    private readonly List<string> _descriptions = [];

    /// <param name="random">The source of randomness.</param>
    /// <param name="depth">The number of layers.</param>
    /// <param name="size">Their approximate size, in bytes.</param>
    public DiskChain(Random random, int depth, long size)
    {
        for (int i = 0; i < depth; i++)
        {
            if (i == 0 && random.Next(2) == 0)
            {
                AddRaw(random, random.NextInt64(1, 2 * size));
            }
            else
            {
                AddQed(random, random.NextInt64(1, 2 * size));
            }
        }
    }

    /// <summary>Whether there are no layers.</summary>
    public bool IsEmpty => _layers.Count == 0;

    /// <summary>Whether QEMU can open all layers: it refuses tables of one cluster.</summary>
    public bool SuitsQemu => _layers.All(layer => layer.Geometry is not { TableSize: 1 });

    /// <summary>The reference by which an image on top names the chain.</summary>
    public BackingReference? Reference => IsEmpty ? null : new BackingReference(_layers[^1].Storage.Path, _layers[^1].Geometry is null);

    /// <summary>The chain's expected contents; empty without layers.</summary>
    public ModelDisk Model => IsEmpty ? new ModelDisk(0) : _layers[^1].Model;

    /// <summary>The sizes of all layers, in bytes.</summary>
    public IReadOnlyList<long> Ends => [.. _layers.Select(layer => layer.Model.Length)];

    /// <summary>A geometry that is likely to expose bugs: small clusters and tables.</summary>
    public static QedGeometry RandomGeometry(Random random) => new(
        random.Next(10) switch { < 6 => 4096, < 8 => 8192, < 9 => 16384, _ => 65536 },
        random.Next(8) switch { < 3 => 1, < 6 => 2, _ => 4 });

    /// <summary>Opens the chain, in memory or as saved; null without layers.</summary>
    /// <param name="open">Opens a layer's file for reading.</param>
    public IDisk? ToDisk(Func<MemoryStorage, IStorage> open)
    {
        IDisk? disk = null;
        foreach ((MemoryStorage storage, QedGeometry? geometry, _) in _layers)
        {
            IStorage file = open(storage);
            disk = geometry is null ? new RawDisk(file) : QedImage.Open(file).ToDisk(disk);
        }

        return disk;
    }

    /// <summary>Writes the layers to a folder.</summary>
    public void SaveTo(TempFolder folder)
    {
        foreach ((MemoryStorage storage, _, _) in _layers)
        {
            TestImage.Save(storage, folder.PathOf(storage.Path));
        }
    }

    public override string ToString() => IsEmpty ? "no backing file" : "from the bottom up: " + string.Join(", ", _descriptions);

    private void AddRaw(Random random, long length)
    {
        MemoryStorage storage = new($"layer{_layers.Count}.raw");
        ModelDisk model = new(length);
        storage.SetLength(length);
        int pieces = random.Next(1, 12);
        for (int i = 0; i < pieces; i++)
        {
            long offset = random.NextInt64(length);
            byte[] data = new byte[(int)Math.Min(length - offset, random.Next(1, 100_000))];
            random.NextBytes(data);
            storage.Write(offset, data);
            model.Write(offset, data);
        }

        _layers.Add((storage, null, model));
        _descriptions.Add($"raw of {length} bytes");
    }

    private void AddQed(Random random, long size)
    {
        QedGeometry geometry = RandomGeometry(random);
        size = Math.Min(Math.Max(512, size / 512 * 512), geometry.MaxVirtualSize);
        MemoryStorage storage = new($"layer{_layers.Count}.qed");
        TestImage.Create(storage, geometry, size, random.Next(1, 3), Reference);
        ModelDisk model = Model.Resized(size);
        QedImage image = TestImage.OpenForWriting(storage);
        IDisk disk = image.ToDisk(ToDisk(static below => new ReadOnlyStorage(below)));
        foreach (DiskStep step in DiskScript.Generate(random, 14, size, size, geometry, Ends))
        {
            if (step.Kind is StepKind.Write or StepKind.Zero && step.Offset < size)
            {
                Apply(disk, model, step);
            }
        }

        image.Dispose();
        _layers.Add((storage, geometry, model));
        _descriptions.Add($"QED of {size} bytes, {geometry.ClusterSize}/{geometry.TableSize}");
    }

    /// <summary>Applies a write or a zeroing to both a disk and its model.</summary>
    public static void Apply(IDisk disk, ModelDisk model, DiskStep step)
    {
        long length = Math.Min(step.Length, disk.Length - step.Offset);
        if (step.Kind == StepKind.Zero)
        {
            disk.Zero(step.Offset, length);
            model.Zero(step.Offset, length);
            return;
        }

        byte[] data = step.Data(length);
        disk.Write(step.Offset, data);
        model.Write(step.Offset, data);
    }
}
