using System;
using System.IO;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Images that were not closed cleanly.</summary>
public sealed class DirtyImageTests
{
    [Theory]
    [InlineData("damaged/dirty-clean.qed")]
    [InlineData("damaged/dirty-leaks.qed")]
    public void One_with_at_most_leaks_can_be_opened_for_writing_and_ends_clean(string fixture)
    {
        using TempFolder folder = new();
        string path = Fixture.CopyTo(folder, fixture);
        byte[] content = DiskBytes.OfFile(path);
        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken))
        {
            stream.Position = 100_000;
            stream.Write([1, 2, 3]);
        }

        content.AsSpan(100_000, 3).Clear();
        content[100_000] = 1;
        content[100_001] = 2;
        content[100_002] = 3;
        Assert.Equal(content, DiskBytes.OfFile(path));
        QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.False(check.NeedsCheck);
        Assert.NotEqual(QedCheckStatus.Corrupt, check.Status);
    }

    [Theory]
    [InlineData("damaged/dirty-clean.qed")]
    [InlineData("damaged/dirty-leaks.qed")]
    public void Opening_one_for_writing_and_closing_it_clears_the_bit(string fixture)
    {
        using TempFolder folder = new();
        string path = Fixture.CopyTo(folder, fixture);
        DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken).Dispose();
        Assert.False(ImageCheck.Run(path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken).NeedsCheck);
    }

    [Theory]
    [InlineData("damaged/dirty-corrupt.qed")]
    [InlineData("damaged/several.qed")]
    public void A_damaged_one_is_refused_and_left_as_it_is(string fixture)
    {
        using TempFolder folder = new();
        string path = Fixture.CopyTo(folder, fixture);
        Action[] ways =
        [
            () => DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken),
            () => ImageResize.Run(path, 64 << 20, new ImageResizeOptions(), progress: null, TestContext.Current.CancellationToken),
        ];
        foreach (Action way in ways)
        {
            QedCorruptException error = Assert.Throws<QedCorruptException>(way);
            Assert.Equal(QedRemedy.RepairImage, error.Remedy);
            Assert.Equal(path, error.Path);
        }

        Assert.Equal(File.ReadAllBytes(Fixture.PathOf(fixture)), File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("damaged/dirty-clean.qed")]
    [InlineData("damaged/dirty-leaks.qed")]
    [InlineData("damaged/dirty-corrupt.qed")]
    public void Reading_one_is_always_allowed_and_changes_nothing(string fixture)
    {
        using TempFolder folder = new();
        string path = Fixture.CopyTo(folder, fixture);
        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken))
        {
            Assert.Equal(100, stream.Read(new byte[100], 0, 100));
            stream.Flush();
        }

        Assert.Equal(File.ReadAllBytes(Fixture.PathOf(fixture)), File.ReadAllBytes(path));
    }

}
