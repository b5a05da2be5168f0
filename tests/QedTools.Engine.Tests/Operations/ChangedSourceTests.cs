using System;
using System.IO;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// A file that is truncated while an operation reads it, permanently or for a moment, causes an error and is never read as zeroes.
/// </summary>
public sealed class ChangedSourceTests : IDisposable
{
    private const int Size = 8 << 20;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    public enum Way
    {
        /// <summary>The file loses its second half.</summary>
        Cut,

        /// <summary>The file loses its second half and then gets its length back, as when it is copied over in place.</summary>
        CutAndGrown,

        /// <summary>A byte is written to the file.</summary>
        Written,
    }

    public static MatrixTheoryData<QedDiskFormat, Way> Sources => new(Enum.GetValues<QedDiskFormat>(), Enum.GetValues<Way>());

    [Theory(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [MemberData(nameof(Sources))]
    public void A_conversion_and_a_comparison_fail(QedDiskFormat format, Way way)
    {
        byte[] contents = Contents();
        File.WriteAllBytes(_folder.PathOf("original.raw"), contents);
        string source = _folder.PathOf("source" + DiskConversion.ExtensionOf(format));
        if (format == QedDiskFormat.Raw)
        {
            File.Copy(_folder.PathOf("original.raw"), source);
        }
        else
        {
            DiskConversion.Run(_folder.PathOf("original.raw"), source, new DiskConversionOptions(), cancellation: _cancellation);
        }

        byte[] intact = File.ReadAllBytes(source);
        string result = _folder.PathOf("result.raw");

        ChangeDuring(source, way, () => AssertFails(
            way, () => DiskConversion.Run(source, result, new DiskConversionOptions(), cancellation: _cancellation)));
        Assert.False(File.Exists(result));

        File.WriteAllBytes(source, intact);
        ChangeDuring(source, way, () => AssertFails(
            way, () => DiskComparison.Run(_folder.PathOf("original.raw"), source, new DiskComparisonOptions(), cancellation: _cancellation)));

        File.WriteAllBytes(source, intact);
        DiskConversion.Run(source, result, new DiskConversionOptions(), cancellation: _cancellation);
        Assert.Equal(contents, File.ReadAllBytes(result));
    }

    [Theory(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData(Way.Cut)]
    [InlineData(Way.CutAndGrown)]
    public void A_merge_leaves_the_overlay_as_it_is(Way way)
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[Size]);
        string overlay = Overlay();

        ChangeDuring(overlay, way, () => Assert.Throws<QedFileChangedException>(
            () => DiskMerge.Run(overlay, new DiskMergeOptions(), cancellation: _cancellation)));

        // The test itself removed half of the file; the merge has not emptied the rest.
        Assert.Contains(
            ImageMapping.Run(overlay, new ImageMappingOptions { OnDamage = _ => { } }, _cancellation), extent => extent.State == QedExtentState.Data);
    }

    [Theory(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData(Way.Cut)]
    [InlineData(Way.CutAndGrown)]
    [InlineData(Way.Written)]
    public void A_backing_file_whose_contents_are_to_be_preserved_must_not_change(Way way)
    {
        string backing = _folder.PathOf("base.raw");
        File.WriteAllBytes(backing, Contents());
        string overlay = _folder.PathOf("overlay.qed");
        ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = "base.raw" }, _cancellation);

        ChangeDuring(backing, way, () => Assert.Throws<QedFileChangedException>(() => BackingFileChange.Run(
            overlay, new BackingFileChangeOptions { PreserveContent = true }, cancellation: _cancellation)));

        Assert.Equal("base.raw", ImageInspection.Run(overlay, new ImageInspectionOptions()).BackingFile);
    }

    [Fact(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_stream_reports_that_the_bytes_are_gone()
    {
        string overlay = Overlay();
        using DiskStream stream = DiskOpening.Run(overlay, new DiskOpeningOptions(), cancellation: _cancellation);
        SetLength(overlay, new FileInfo(overlay).Length / 2);
        byte[] buffer = new byte[Size];

        Assert.Throws<QedFileChangedException>(() => stream.ReadExactly(buffer));
    }

    [Fact(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void With_ForceShare_a_file_may_grow_and_change_but_not_become_shorter()
    {
        string source = _folder.PathOf("source.raw");
        string result = _folder.PathOf("result.raw");
        DiskConversionOptions options = new() { ForceShare = true, Replace = true };
        File.WriteAllBytes(source, Contents());
        ChangeDuring(source, Way.Written, () => DiskConversion.Run(source, result, options, cancellation: _cancellation));
        Assert.True(File.Exists(result));

        ChangeDuring(source, Way.Cut, () => Assert.Throws<QedFileChangedException>(
            () => DiskConversion.Run(source, result, options, cancellation: _cancellation)));
    }

    // Formats that check where a block ends before they read it find that it ends past the end of the file.
    private static void AssertFails(Way way, Action action)
    {
        Exception? error = Record.Exception(action);
        Assert.True(
            error is QedFileChangedException || (way == Way.Cut && error is QedDamagedFileException),
            $"{(error is null ? "Nothing" : error)} was thrown.");
    }

    private static byte[] Contents()
    {
        byte[] contents = new byte[Size];
        new Random(5).NextBytes(contents);
        return contents;
    }

    private string Overlay()
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[Size]);
        string path = _folder.PathOf("overlay.qed");
        ImageCreation.Run(path, new ImageCreationOptions { BackingFile = "base.raw" }, _cancellation);
        using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: _cancellation);
        stream.Write(Contents());
        return path;
    }

    // Changes a file at the first large read: by then it has been opened and its tables have been read.
    private static void ChangeDuring(string path, Way way, Action action)
    {
        // A date long ago, so that the change shows in the file's date however coarse the host's clock is.
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        bool done = false;
        HostFiles.Interceptor.Value = storage => storage.Path == path ? new Watched(storage, () =>
        {
            if (done)
            {
                return;
            }

            done = true;
            long length = new FileInfo(path).Length;
            if (way == Way.Written)
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                file.Position = length - 1;
                file.WriteByte(1);
                return;
            }

            SetLength(path, length / 2);
            if (way == Way.CutAndGrown)
            {
                SetLength(path, length);
            }
        }) : storage;
        try
        {
            action();
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }

        Assert.True(done, "Nothing was read.");
    }

    private static void SetLength(string path, long length)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(length);
    }

    private sealed class Watched(IStorage inner, Action onLargeRead) : ForwardingStorage(inner)
    {
        protected override bool ClosesInner => true;

        public override int Read(long offset, Span<byte> buffer)
        {
            if (buffer.Length >= 32 << 10)
            {
                onLargeRead();
            }

            return base.Read(offset, buffer);
        }
    }
}
