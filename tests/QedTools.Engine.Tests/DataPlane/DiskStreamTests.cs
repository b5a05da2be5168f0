using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>A disk's stream honours the contract of <see cref="Stream"/>.</summary>
public sealed class DiskStreamTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Data_written_is_read_by_every_overload()
    {
        using DiskStream stream = Open(writable: true);
        Assert.True(stream is { CanRead: true, CanSeek: true, CanWrite: true, CanTimeout: false, Length: Size, Position: 0 });
        stream.Write([1, 2, 3, 4], 1, 2);
        Assert.Equal(2, stream.Position);
        stream.Write([9, 8]);
        stream.WriteByte(7);
        Assert.Equal(5, stream.Position);

        byte[] bytes = [0xee, 0xee, 0xee, 0xee, 0xee, 0xee];
        stream.Position = 0;
        Assert.Equal(3, stream.Read(bytes, 1, 3));
        Assert.Equal([0xee, 2, 3, 9, 0xee, 0xee], bytes);
        Assert.Equal(2, stream.Read(bytes.AsSpan(0, 2)));
        Assert.Equal([8, 7], bytes[..2]);
        Assert.Equal(0, stream.ReadByte());
        Assert.Equal(6, stream.Position);
    }

#pragma warning disable CA1835 // the overloads with arrays are tested as well
    [Fact]
    public async Task The_asynchronous_overloads_do_the_same()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using DiskStream stream = Open(writable: true);
        stream.Position = 70_000;
        await stream.WriteAsync(new byte[] { 1, 2, 3 }, token);
        await stream.WriteAsync([4, 5, 6], 1, 2, token);
        Assert.Equal(70_005, stream.Position);
        await stream.FlushAsync(token);
        stream.Position = 70_000;
        byte[] bytes = new byte[6];
        Assert.Equal(4, await stream.ReadAsync(bytes.AsMemory(0, 4), token));
        Assert.Equal(2, await stream.ReadAsync(bytes, 4, 2, token));
        Assert.Equal([1, 2, 3, 5, 6, 0], bytes);
        stream.Position = 70_000;
        Assert.Equal(2, await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, bytes, 0, 2, null));

        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => _ = await stream.ReadAsync(bytes.AsMemory(), cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.WriteAsync(bytes.AsMemory(), cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.FlushAsync(cancelled.Token));
        Assert.Equal(70_002, stream.Position);
    }
#pragma warning restore CA1835

    [Fact]
    public async Task Copying_to_and_from_other_streams_keeps_every_byte()
    {
        byte[] content = new byte[Size];
        new Random(1).NextBytes(content);
        string path = NewImage();
        using (DiskStream stream = Open(path, writable: true))
        {
            using MemoryStream source = new(content);
            source.CopyTo(stream, 77_777);
            Assert.Equal(Size, stream.Position);
        }

        using DiskStream again = Open(path, writable: false);
        using MemoryStream copy = new();
        again.CopyTo(copy);
        Assert.Equal(content, copy.ToArray());
        copy.SetLength(0);
        again.Position = 1000;
        await again.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(content[1000..], copy.ToArray());
    }

    [Fact]
    public void Reading_stops_at_the_end_and_is_possible_past_it()
    {
        using DiskStream stream = Open(writable: false);
        byte[] bytes = new byte[100];
        stream.Position = Size - 10;
        Assert.Equal(10, stream.Read(bytes, 0, 100));
        Assert.Equal(0, stream.Read(bytes, 0, 100));
        Assert.Equal(-1, stream.ReadByte());
        stream.Position = Size + 5000;
        Assert.Equal(0, stream.Read(bytes, 0, 100));
        Assert.Equal(Size + 5000, stream.Position);
        Assert.Equal(0, stream.Read([], 0, 0));
    }

    [Fact]
    public void A_write_that_crosses_the_end_is_refused_as_a_whole()
    {
        using DiskStream stream = Open(writable: true);
        stream.Position = Size - 2;
        Assert.Throws<IOException>(() => stream.Write([1, 2, 3]));
        Assert.Equal(Size - 2, stream.Position);
        Assert.Equal(0, stream.ReadByte());
        stream.Position = Size - 2;
        stream.Write([1, 2]);
        Assert.Equal(Size, stream.Position);
        Assert.Throws<IOException>(() => stream.WriteByte(1));
        stream.Write([]);
    }

    [Fact]
    public void Seeking_works_from_each_origin_and_not_before_the_start()
    {
        using DiskStream stream = Open(writable: false);
        Assert.Equal(100, stream.Seek(100, SeekOrigin.Begin));
        Assert.Equal(60, stream.Seek(-40, SeekOrigin.Current));
        Assert.Equal(Size - 1, stream.Seek(-1, SeekOrigin.End));
        Assert.Equal(Size + 1, stream.Seek(1, SeekOrigin.End));
        Assert.Throws<IOException>(() => stream.Seek(-1, SeekOrigin.Begin));
        Assert.Throws<IOException>(() => stream.Seek(-Size - 2, SeekOrigin.Current));
        Assert.ThrowsAny<ArgumentException>(() => stream.Seek(0, (SeekOrigin)7));
        Assert.Equal(Size + 1, stream.Position);
    }

    [Fact]
    public void Positions_out_of_range_are_refused_as_by_other_streams()
    {
        using DiskStream stream = Open(writable: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Position = -1);
        stream.Position = 10;
        Exception? error = Record.Exception(() => stream.Seek(long.MaxValue, SeekOrigin.Current));
        Assert.True(error is ArgumentException or IOException, $"{error}");
    }

    [Fact]
    public void Arguments_are_checked()
    {
        using DiskStream stream = Open(writable: true);
        byte[] bytes = new byte[10];
        Assert.Throws<ArgumentNullException>(() => stream.Read(null!, 0, 0));
        Assert.Throws<ArgumentNullException>(() => stream.Write(null!, 0, 0));
        (int Offset, int Count)[] wrong = [(-1, 1), (0, -1), (0, 11), (10, 1), (5, 6), (int.MaxValue, int.MaxValue)];
        foreach ((int offset, int count) in wrong)
        {
            Assert.ThrowsAny<ArgumentException>(() => stream.Read(bytes, offset, count));
            Assert.ThrowsAny<ArgumentException>(() => stream.Write(bytes, offset, count));
        }

        Assert.Equal(0, stream.Position);
    }

    [Fact]
    public async Task A_read_only_stream_refuses_to_write()
    {
        string path = NewImage();
        byte[] before = File.ReadAllBytes(path);
        await using (DiskStream stream = Open(path, writable: false))
        {
            Assert.False(stream.CanWrite);
            Assert.Throws<NotSupportedException>(() => stream.Write([1]));
            Assert.Throws<NotSupportedException>(() => stream.WriteByte(1));
            Assert.Throws<NotSupportedException>(() => stream.SetLength(Size * 2));
            await Assert.ThrowsAsync<NotSupportedException>(async () => await stream.WriteAsync(new byte[1], TestContext.Current.CancellationToken));
            stream.Flush();
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task A_closed_stream_can_no_longer_be_used()
    {
        DiskStream stream = Open(writable: true);
        stream.Dispose();
        stream.Dispose();
        await stream.DisposeAsync();
        Assert.False(stream.CanRead || stream.CanWrite || stream.CanSeek);
        Assert.Throws<ObjectDisposedException>(() => stream.Length);
        Assert.Throws<ObjectDisposedException>(() => stream.Position);
        Assert.Throws<ObjectDisposedException>(() => stream.Position = 1);
        Assert.Throws<ObjectDisposedException>(() => stream.Read(new byte[1], 0, 1));
        Assert.Throws<ObjectDisposedException>(() => stream.Write([1]));
        Assert.Throws<ObjectDisposedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<ObjectDisposedException>(() => stream.SetLength(512));
        Assert.Throws<ObjectDisposedException>(stream.Flush);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => _ = await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Setting_the_length_resizes_the_disk()
    {
        string path = NewImage();
        using (DiskStream stream = Open(path, writable: true))
        {
            stream.Position = Size - 3;
            stream.Write([5, 6, 7]);
            stream.SetLength(2 * Size);
            Assert.Equal((2 * Size, Size), (stream.Length, stream.Position));
            stream.Write([8]);
            stream.SetLength(Size - 512);
            Assert.Equal((Size - 512, Size - 512), (stream.Length, stream.Position));
            stream.SetLength(Size);
            Assert.Equal(0, stream.ReadByte());
            Assert.Throws<QedLimitException>(() => stream.SetLength(Size + 1));
            Assert.ThrowsAny<Exception>(() => stream.SetLength(-512));
            Assert.Throws<QedLimitException>(() => stream.SetLength(long.MaxValue - 511));
        }

        using DiskStream again = Open(path, writable: false);
        byte[] content = new byte[Size];
        again.ReadExactly(content);
        Assert.Equal(new byte[Size], content);
    }

    [Fact]
    public void Closing_leaves_a_clean_image_and_releases_the_lock()
    {
        string path = NewImage();
        using (DiskStream stream = Open(path, writable: true))
        {
            stream.Write([1, 2, 3]);
            stream.Flush();
            Assert.True(ImageInspection.Run(path, new ImageInspectionOptions()).NeedsCheck);
            Assert.Throws<QedImageInUseException>(() => Open(path, writable: true));
            Assert.Throws<QedImageInUseException>(() => Open(path, writable: false));
            using DiskStream forced = DiskOpening.Run(path, new DiskOpeningOptions { ForceShare = true }, progress: null, TestContext.Current.CancellationToken);
            Assert.Equal(1, forced.ReadByte());
        }

        Assert.False(ImageInspection.Run(path, new ImageInspectionOptions()).NeedsCheck);
        using DiskStream one = Open(path, writable: false);
        using DiskStream two = Open(path, writable: false);
        Assert.Equal(1, two.ReadByte());
        Assert.Throws<QedImageInUseException>(() => Open(path, writable: true));
    }

    [Fact]
    public void Writers_are_locked_out_of_a_backing_file_while_its_overlay_is_open()
    {
        string path = NewImage();
        string overlay = _folder.PathOf("overlay.qed");
        ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = Path.GetFileName(path) }, TestContext.Current.CancellationToken);
        using (DiskStream stream = Open(overlay, writable: true))
        {
            Assert.Throws<QedImageInUseException>(() => Open(path, writable: true));
            using DiskStream below = Open(path, writable: false);
            Assert.Equal(0, below.ReadByte());
        }

        Assert.Throws<QedBackingFileSharedException>(() => Open(path, writable: true));
        DiskOpening.Run(path, new DiskOpeningOptions { Writable = true, AllowOtherOverlays = true }, cancellation: TestContext.Current.CancellationToken).Dispose();
    }

    [Fact]
    public void An_overlay_written_through_the_stream_reads_as_both_layers_combined()
    {
        byte[] raw = [.. Enumerable.Range(0, 700_001).Select(i => (byte)(i * 7))];
        File.WriteAllBytes(_folder.PathOf("base.raw"), raw);
        string path = _folder.PathOf("overlay.qed");
        ImageCreation.Run(path, new ImageCreationOptions { BackingFile = "base.raw", SizeBytes = Size, ClusterSize = 4096 }, TestContext.Current.CancellationToken);
        byte[] expected = new byte[Size];
        raw.CopyTo(expected, 0);
        using (DiskStream stream = Open(path, writable: true))
        {
            foreach (int at in new[] { 0, 4095, 100_000, 699_999, 800_000, Size - 7 })
            {
                stream.Position = at;
                stream.Write([1, 2, 3, 4, 5, 6, 7]);
                new byte[] { 1, 2, 3, 4, 5, 6, 7 }.CopyTo(expected, at);
            }
        }

        using DiskStream again = Open(path, writable: false);
        byte[] content = new byte[Size];
        again.ReadExactly(content);
        Assert.Equal(expected, content);
        Assert.Equal(raw, File.ReadAllBytes(_folder.PathOf("base.raw")));
    }

    private DiskStream Open(bool writable) => Open(NewImage(), writable);

    private static DiskStream Open(string path, bool writable) =>
        DiskOpening.Run(path, new DiskOpeningOptions { Writable = writable }, progress: null, TestContext.Current.CancellationToken);

    private string NewImage()
    {
        string path = _folder.PathOf(Guid.NewGuid().ToString("N") + ".qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = Size }, TestContext.Current.CancellationToken);
        return path;
    }
}
