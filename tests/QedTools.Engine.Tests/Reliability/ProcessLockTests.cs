using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>Two QedTools processes lock each other out of an image.</summary>
public sealed class ProcessLockTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void An_image_that_another_process_writes_to_is_in_use()
    {
        using TempFolder folder = new();
        string path = Make(folder);
        using HelperProcess helper = new("hold", path, "write");
        Assert.Equal("held", helper.ReadLine());

        Assert.True(ImageInspection.Run(path, new ImageInspectionOptions()).InUse);
        Assert.Throws<QedImageInUseException>(() => DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => ImageRepair.Run(path, new ImageRepairOptions(), cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => ImageResize.Run(path, 4 << 20, new ImageResizeOptions(), cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => ImageOptimization.Run(path, new ImageOptimizationOptions(), cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => BackingFileChange.Run(path, new BackingFileChangeOptions(), cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 1 << 20, Replace = true }, cancellation: Token));
        Assert.Throws<QedImageInUseException>(() => ImageCheck.Run(path, new ImageCheckOptions(), cancellation: Token));
        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(path, new ImageCheckOptions { ForceShare = true }, cancellation: Token).Status);
        using (DiskStream shared = DiskOpening.Run(path, new DiskOpeningOptions { ForceShare = true }, cancellation: Token))
        {
            Assert.Equal(1 << 20, shared.Length);
        }

        helper.Finish();
        RequireFree(path);
    }

    [Fact]
    public void An_image_that_another_process_reads_can_be_read_but_not_changed()
    {
        using TempFolder folder = new();
        string path = Make(folder);
        using HelperProcess helper = new("hold", path, "read");
        Assert.Equal("held", helper.ReadLine());

        Assert.True(ImageInspection.Run(path, new ImageInspectionOptions()).InUse);
        Assert.Throws<QedImageInUseException>(() => DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Token));
        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(path, new ImageCheckOptions(), cancellation: Token).Status);

        helper.Finish();
        RequireFree(path);
    }

    [Fact]
    public void A_backing_file_that_another_process_reads_is_not_merged_into()
    {
        using TempFolder folder = new();
        string path = Make(folder);
        string mine = folder.PathOf("mine.qed");
        string theirs = folder.PathOf("theirs.qed");
        ImageCreation.Run(mine, new ImageCreationOptions { BackingFile = "top.qed" }, cancellation: Token);
        ImageCreation.Run(theirs, new ImageCreationOptions { BackingFile = "top.qed" }, cancellation: Token);
        using HelperProcess helper = new("hold", theirs, "write");
        Assert.Equal("held", helper.ReadLine());

        QedImageInUseException error = Assert.Throws<QedImageInUseException>(() => DiskMerge.Run(mine, new DiskMergeOptions(), cancellation: Token));

        Assert.Equal(path, error.Path);
        using DiskStream both = DiskOpening.Run(mine, new DiskOpeningOptions { Writable = true }, cancellation: Token);
        Assert.True(both.CanWrite);
    }

    [Fact]
    public void A_writer_locks_another_process_out()
    {
        using TempFolder folder = new();
        string path = Make(folder);
        using DiskStream mine = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Token);
        using HelperProcess helper = new("hold", path, "write");

        Assert.Null(helper.ReadLine());
        Assert.Contains("in use", helper.Errors, System.StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_of_a_killed_process_is_gone()
    {
        using TempFolder folder = new();
        string path = Make(folder);
        using HelperProcess helper = new("hold", path, "write");
        Assert.Equal("held", helper.ReadLine());
        Assert.True(ImageInspection.Run(path, new ImageInspectionOptions()).InUse);

        helper.Kill();

        RequireFree(path);
    }

    private static string Make(TempFolder folder)
    {
        string path = folder.PathOf("top.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 1 << 20 }, cancellation: Token);
        return path;
    }

    private static void RequireFree(string path)
    {
        Assert.False(ImageInspection.Run(path, new ImageInspectionOptions()).InUse);
        DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Token).Dispose();
    }
}
