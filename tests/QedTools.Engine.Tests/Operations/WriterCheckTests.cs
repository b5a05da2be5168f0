using System;
using System.IO;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// Every operation that writes to tables or data checks the tables first: a damaged image is refused whether or not its need-check bit
/// is set, and not a single byte of it changes.
/// </summary>
public sealed class WriterCheckTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public enum Change
    {
        Grow,
        Shrink,
        RemoveBackingFile,
        NameBackingFile,
        Optimize,
        OpenForWriting,
        MergeInto,
        MergeFrom,
    }

    // All damaged fixtures except those that only have leaks or are only dirty.
    public static MatrixTheoryData<string, Change> Cases => new(
        Directory.GetFiles(Path.GetDirectoryName(Fixture.PathOf("damaged/tail.qed"))!, "*.qed")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => !name.Contains("leak", StringComparison.Ordinal) && name is not ("tail" or "dirty-clean"))
            .Order(StringComparer.Ordinal),
        Enum.GetValues<Change>());

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_damaged_image_is_not_written_to(string name, Change change)
    {
        string path = Fixture.CopyTo(_folder, $"damaged/{name}.qed");
        byte[] before = File.ReadAllBytes(path);

        Assert.Throws<QedCorruptException>(() => Do(change, path));

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("past-size-l1")]
    [InlineData("dirty-corrupt")]
    public void A_change_of_the_header_alone_needs_no_check_and_does_not_mention_the_tables(string name)
    {
        string path = Fixture.CopyTo(_folder, $"damaged/{name}.qed");
        bool wasDirty = ImageInspection.Run(path, new ImageInspectionOptions()).NeedsCheck;
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[512]);

        QedImageInfo info = BackingFileChange.Run(
            path, new BackingFileChangeOptions { BackingFile = "base.raw" }, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal("base.raw", info.BackingFile);
        Assert.Equal(wasDirty, info.NeedsCheck);
        Assert.Equal(QedCheckStatus.Corrupt, ImageCheck.Run(path, new ImageCheckOptions(), cancellation: TestContext.Current.CancellationToken).Status);
    }

    private void Do(Change change, string path)
    {
        System.Threading.CancellationToken cancellation = TestContext.Current.CancellationToken;
        long size = ImageInspection.Run(path, new ImageInspectionOptions()).VirtualSize;
        switch (change)
        {
            case Change.Grow:
                ImageResize.Run(path, size + (1 << 20), new ImageResizeOptions(), cancellation: cancellation);
                break;
            case Change.Shrink:
                ImageResize.Run(path, size / 2, new ImageResizeOptions { Shrink = true }, cancellation: cancellation);
                break;
            case Change.RemoveBackingFile:
                BackingFileChange.Run(path, new BackingFileChangeOptions { PreserveContent = true }, cancellation: cancellation);
                break;
            case Change.NameBackingFile:
                File.WriteAllBytes(_folder.PathOf("base.raw"), [.. Enumerable.Repeat((byte)7, 8192)]);
                BackingFileChange.Run(
                    path, new BackingFileChangeOptions { BackingFile = "base.raw", PreserveContent = true }, cancellation: cancellation);
                break;
            case Change.Optimize:
                ImageOptimization.Run(path, new ImageOptimizationOptions(), cancellation: cancellation);
                break;
            case Change.OpenForWriting:
                DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: cancellation).Dispose();
                break;
            case Change.MergeInto:
                string overlay = _folder.PathOf("overlay.qed");
                ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = Path.GetFileName(path) }, cancellation);
                DiskMerge.Run(overlay, new DiskMergeOptions(), cancellation: cancellation);
                break;
            default:
                // Only the header changes here; the merge empties the image.
                File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[size]);
                byte[] original = File.ReadAllBytes(path);
                BackingFileChange.Run(path, new BackingFileChangeOptions { BackingFile = "base.raw" }, cancellation: cancellation);
                byte[] before = File.ReadAllBytes(path);
                try
                {
                    DiskMerge.Run(path, new DiskMergeOptions(), cancellation: cancellation);
                }
                finally
                {
                    Assert.Equal(before, File.ReadAllBytes(path));
                    File.WriteAllBytes(path, original);
                }

                break;
        }
    }
}
