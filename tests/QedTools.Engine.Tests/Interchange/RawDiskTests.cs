using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

public sealed class RawDiskTests
{
    [Fact]
    public void The_disk_is_exactly_as_long_as_the_file()
    {
        using RawLayer layer = Layer(length: 1000);

        Assert.Equal(1000, layer.VirtualSize);
        Assert.Equal(1000, layer.ToDisk(backing: null).Length);
        Assert.Null(layer.Backing);
    }

    [Fact]
    public void Holes_are_zeroes_and_data_is_at_its_disk_offset()
    {
        using RawLayer layer = Layer(length: 40000, dataAt: 8192);
        IDisk disk = layer.ToDisk(backing: null);

        DiskExtent[] extents = [.. ExtentWalk.Over(disk, 0, disk.Length, CancellationToken.None)];

        Assert.Equal(
            [
                new DiskExtent(0, 8192, QedExtentState.Zero, 0, 0),
                new DiskExtent(8192, 4096, QedExtentState.Data, 8192, 0),
                new DiskExtent(12288, 40000 - 12288, QedExtentState.Zero, 0, 0),
            ],
            extents);
    }

    [Fact]
    public void A_walk_over_a_part_may_begin_and_end_inside_extents()
    {
        using RawLayer layer = Layer(length: 40000, dataAt: 8192);

        DiskExtent[] extents = [.. ExtentWalk.Over(layer.ToDisk(backing: null), 8200, 5000, CancellationToken.None)];

        Assert.Equal(
            [
                new DiskExtent(8200, 4088, QedExtentState.Data, 8200, 0),
                new DiskExtent(12288, 912, QedExtentState.Zero, 0, 0),
            ],
            extents);
        Assert.Empty(ExtentWalk.Over(layer.ToDisk(backing: null), 40000, 0, CancellationToken.None));
    }

    [Fact]
    public void An_empty_file_is_an_empty_disk()
    {
        using RawLayer layer = Layer(length: 0);

        Assert.Equal(0, layer.VirtualSize);
        Assert.Empty(ExtentWalk.Over(layer.ToDisk(backing: null), 0, 0, CancellationToken.None));
    }

    [Fact]
    public void Data_written_is_read_back_and_zeroing_a_hole_writes_nothing()
    {
        RecordingStorage storage = new(new MemoryStorage());
        storage.SetLength(40000);
        using RawLayer layer = new(storage);
        layer.BeginWriting(progress: null, TestContext.Current.CancellationToken);
        IDisk disk = layer.ToDisk(backing: null);
        disk.Write(8190, [1, 2, 3, 4]);
        byte[] found = new byte[8];
        disk.Read(8188, found);
        Assert.Equal(new byte[] { 0, 0, 1, 2, 3, 4, 0, 0 }, found);
        storage.Forget();

        disk.Zero(8191, 40000 - 8191);

        disk.Read(8188, found);
        Assert.Equal(new byte[] { 0, 0, 1, 0, 0, 0, 0, 0 }, found);
        Assert.Equal(40000, disk.Length);
        Assert.All(storage.Changes, step => Assert.InRange(step.End, 8191, 12288));
    }

    [Fact]
    public void Reading_past_the_new_end_of_a_truncated_file_is_an_error_and_its_disk_keeps_its_length()
    {
        MemoryStorage storage = new();
        storage.Write(0, [1, 2, 3, 4]);
        using RawLayer layer = new(storage);
        storage.SetLength(2);
        IDisk disk = layer.ToDisk(backing: null);

        Assert.Equal((4L, 4L), (layer.VirtualSize, disk.Length));
        Assert.Throws<QedFileChangedException>(() => disk.Read(0, new byte[4]));
        Assert.Throws<QedFileChangedException>(() => disk.Read(2, new byte[1]));
        storage.SetLength(0);
        Assert.Throws<QedFileChangedException>(() => disk.ExtentAt(0, 4));
    }

    [Fact]
    public void A_resized_disk_has_its_new_length_everywhere()
    {
        using RawLayer layer = Layer(length: 1024);
        layer.BeginWriting(progress: null, TestContext.Current.CancellationToken);

        layer.ToDisk(backing: null).SetLength(4096);

        Assert.Equal((4096L, 4096L), (layer.VirtualSize, layer.ToDisk(backing: null).Length));
    }

    private static RawLayer Layer(long length, long? dataAt = null)
    {
        MemoryStorage storage = new();
        if (dataAt is { } offset)
        {
            storage.Write(offset, [.. Enumerable.Repeat((byte)0x5A, 4096)]);
        }

        storage.SetLength(length);
        return new RawLayer(storage);
    }
}
