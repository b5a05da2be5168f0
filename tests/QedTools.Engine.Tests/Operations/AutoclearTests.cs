using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Tests.Reliability;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// Every operation clears the features that a program does not know and must clear before it changes an image (QED specification,
/// "Header").
/// </summary>
public sealed class AutoclearTests
{
    private const string Top = "top.qed";
    private const int AutoclearAt = 32;

    private static readonly Dictionary<string, (string Fixture, Action<string> Act)> Operations = new()
    {
        ["repair"] = ("damaged/several.qed", path => ImageRepair.Run(path, new ImageRepairOptions())),
        ["repair without a backup"] = ("damaged/several.qed", path => ImageRepair.Run(path, new ImageRepairOptions { NoBackup = true })),
        ["repair of leaks"] = ("damaged/leak-at-end.qed", path => ImageRepair.Run(path, new ImageRepairOptions())),
        ["repair of leaks without a backup"] = ("damaged/leak-at-end.qed", path => ImageRepair.Run(path, new ImageRepairOptions { NoBackup = true })),
        ["repair of the need-check bit"] = ("damaged/dirty-clean.qed", path => ImageRepair.Run(path, new ImageRepairOptions())),
        ["optimization"] = ("damaged/leak-at-end.qed", path => ImageOptimization.Run(path, new ImageOptimizationOptions())),
        ["optimization of a dirty image"] = ("damaged/dirty-leaks.qed", path => ImageOptimization.Run(path, new ImageOptimizationOptions())),
        ["growing"] = ("images/base-4k.qed", path => ImageResize.Run(path, 1L << 30, new ImageResizeOptions())),
        ["shrinking"] = ("images/base-4k.qed", path => ImageResize.Run(path, 4096, new ImageResizeOptions { Shrink = true })),
        ["another backing file"] = ("images/base-4k.qed", path => BackingFileChange.Run(path, new BackingFileChangeOptions { BackingFile = "base.raw", AllowMissing = true })),
        ["writing"] = ("images/base-4k.qed", path =>
        {
            using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true });
            stream.Write([1, 2, 3]);
        }
        ),
    };

    public static TheoryData<string> Names => [.. Operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void They_are_cleared_before_anything_else_changes(string name)
    {
        (string fixture, Action<string> act) = Operations[name];
        using MemoryHost host = new();
        byte[] image = File.ReadAllBytes(Fixture.PathOf(fixture));
        image[AutoclearAt] = 3;
        host.Put(Top, image);

        Recording recording = host.Record(() => act(host.PathOf(Top)));

        HostEvent first = recording.Events.First(e => e.Name == Top && e.Kind is HostEventKind.Write or HostEventKind.SetLength);
        Assert.Equal((HostEventKind.Write, 0), (first.Kind, first.Offset));
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64LittleEndian(first.Data.AsSpan(AutoclearAt)));
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64LittleEndian(host.Get(Top).AsSpan(AutoclearAt)));
    }
}
