using System;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

public sealed class BackingFileChangeTests : IDisposable
{
    private const string OtherRaw = "other.raw";

    private readonly TempFolder _folder = new();
    private readonly string _raw;

    public BackingFileChangeTests()
    {
        _raw = _folder.PathOf(OtherRaw);
        File.WriteAllBytes(_raw, new byte[4096]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_relative_name_is_stored_as_it_is_and_resolved_next_to_the_image()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));

        QedImageInfo info = Apply(image, OtherRaw);

        Assert.Equal(OtherRaw, info.BackingFile);
        Assert.Equal(_raw, info.BackingFilePath);
        Assert.Equal(QedBackingFormat.Raw, info.BackingFormat);
        Assert.Equal(info, ImageInspection.Run(image, new ImageInspectionOptions()));
    }

    [Fact]
    public void An_absolute_name_is_stored_as_it_is()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));

        Assert.Equal(_raw, Apply(image, _raw).BackingFile);
        Assert.Equal(_raw, ImageInspection.Run(image, new ImageInspectionOptions()).BackingFilePath);
    }

    [Fact]
    public void Unicode_and_spaces_are_stored_unchanged()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        const string Name = "Basis mit Größe 基底 💾.raw";
        File.WriteAllText(_folder.PathOf(Name), "raw");

        Apply(image, Name);

        Assert.Equal(Name, ImageInspection.Run(image, new ImageInspectionOptions()).BackingFile);
    }

    [Fact]
    public void Only_the_header_changes()
    {
        string image = Fixture.CopyTo(_folder, "chains/over-qed.qed");
        byte[] before = File.ReadAllBytes(image);

        Apply(image, OtherRaw);

        byte[] after = File.ReadAllBytes(image);
        Assert.Equal(before.Length, after.Length);
        Assert.Equal(before[4096..], after[4096..]);
        Assert.Equal(before[..16], after[..16]);
        Assert.Equal(before[24..56], after[24..56]);
    }

    [Theory]
    [InlineData(null, QedBackingFormat.Raw)]
    [InlineData(QedBackingFormat.Raw, QedBackingFormat.Raw)]
    [InlineData(QedBackingFormat.Probe, QedBackingFormat.Probe)]
    public void A_file_without_a_known_magic_number_is_recorded_as_raw_unless_requested_otherwise(QedBackingFormat? asked, QedBackingFormat recorded)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));

        Assert.Equal(recorded, Apply(image, OtherRaw, asked).BackingFormat);
    }

    [Theory]
    [InlineData(null, QedBackingFormat.Probe)]
    [InlineData(QedBackingFormat.Probe, QedBackingFormat.Probe)]
    [InlineData(QedBackingFormat.Raw, QedBackingFormat.Raw)]
    public void A_QED_file_is_recorded_as_raw_only_on_request(QedBackingFormat? asked, QedBackingFormat recorded)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        ImageFiles.Make(_folder.PathOf("base.qed"));

        Assert.Equal(recorded, Apply(image, "base.qed", asked).BackingFormat);
    }

    [Fact]
    public void The_same_name_again_writes_nothing()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        Apply(image, OtherRaw);
        var mark = ImageFiles.Mark(image);

        QedImageInfo info = Apply(image, OtherRaw);

        Assert.Equal(OtherRaw, info.BackingFile);
        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void Another_format_for_the_same_name_is_written()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        ImageFiles.Make(_folder.PathOf("base.qed"));
        Apply(image, "base.qed", QedBackingFormat.Raw);
        Assert.Equal(QedBackingFormat.Raw, ImageInspection.Run(image, new ImageInspectionOptions()).BackingFormat);

        Apply(image, "base.qed", QedBackingFormat.Probe);

        Assert.Equal(QedBackingFormat.Probe, ImageInspection.Run(image, new ImageInspectionOptions()).BackingFormat);
    }

    [Fact]
    public void Remove_leaves_no_backing_file_and_no_trace_of_it_in_the_header()
    {
        string image = Fixture.CopyTo(_folder, "chains/over-raw.qed");

        QedImageInfo info = Apply(image, null);

        Assert.Null(info.BackingFile);
        Assert.Null(info.BackingFormat);
        Assert.Null(info.BackingFilePath);
        Assert.Equal(QedFeatures.None, info.Features);
        Assert.Equal(0UL, ImageFiles.Peek(image, 56));
        Assert.Equal(info, ImageInspection.Run(image, new ImageInspectionOptions()));
    }

    [Fact]
    public void Remove_works_if_the_backing_file_is_missing_or_not_a_file()
    {
        foreach (string name in new[] { "name-missing.qed", "name-nbd.qed", "cycle-self.qed", "cycle-a.qed" })
        {
            Assert.Null(Apply(Fixture.CopyTo(_folder, "chains/" + name), null).BackingFile);
        }

        Assert.Null(Apply(Fixture.CopyTo(_folder, "headers/backing-nul.qed"), null).BackingFile);
        Assert.Null(Apply(Fixture.CopyTo(_folder, "headers/backing-size-4032.qed"), null).BackingFile);
    }

    [Fact]
    public void Remove_without_a_backing_file_writes_nothing()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        var mark = ImageFiles.Mark(image);

        Apply(image, null);

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Theory]
    [InlineData("damaged/dirty-clean.qed")]
    [InlineData("damaged/dirty-leaks.qed")]
    [InlineData("damaged/dirty-corrupt.qed")]
    [InlineData("damaged/several.qed")]
    public void A_dirty_image_is_changed_only_in_its_header_and_still_needs_a_check(string fixture)
    {
        string image = Fixture.CopyTo(_folder, fixture);
        byte[] before = File.ReadAllBytes(image);

        QedImageInfo info = Apply(image, OtherRaw);

        Assert.True(info.NeedsCheck);
        Assert.Equal(OtherRaw, info.BackingFile);
        Assert.Equal(info, ImageInspection.Run(image, new ImageInspectionOptions()));
        Assert.Equal(before[4096..], File.ReadAllBytes(image)[4096..]);
    }

    [Fact]
    public void Unknown_autoclear_features_are_cleared_and_nothing_else_in_the_header_changes()
    {
        string image = Fixture.CopyTo(_folder, "headers/autoclear-unknown.qed");
        byte[] before = File.ReadAllBytes(image);
        Assert.NotEqual(0UL, ImageFiles.Peek(image, ImageFiles.AutoclearFeaturesAt));

        Assert.Equal(0UL, Apply(image, null).AutoclearFeatures);

        before.AsSpan(ImageFiles.AutoclearFeaturesAt, 8).Clear();
        Assert.Equal(before, File.ReadAllBytes(image));
    }

    [Fact]
    public void Storing_the_same_name_clears_unknown_autoclear_features()
    {
        string image = Fixture.CopyTo(_folder, "chains/name-missing.qed");
        ImageFiles.Patch(image, ImageFiles.AutoclearFeaturesAt, 1UL << 63);

        QedImageInfo info = Apply(image, "missing.qed", allowMissing: true);

        Assert.Equal(0UL, info.AutoclearFeatures);
        Assert.Equal("missing.qed", ImageInspection.Run(image, new ImageInspectionOptions()).BackingFile);
    }

    [Fact]
    public void Unknown_compatible_features_forbid_storing_a_name()
    {
        string image = Fixture.CopyTo(_folder, "headers/compat-unknown.qed");
        var mark = ImageFiles.Mark(image);

        QedUnsupportedFeatureException error = Assert.Throws<QedUnsupportedFeatureException>(() => Apply(image, OtherRaw));

        Assert.Equal(1UL, error.Bits);
        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void Unknown_compatible_features_stay_when_the_backing_file_is_removed()
    {
        string image = Fixture.CopyTo(_folder, "chains/over-raw.qed");
        ImageFiles.Patch(image, ImageFiles.CompatFeaturesAt, 0x8000000000000001);

        QedImageInfo info = Apply(image, null);

        Assert.Null(info.BackingFile);
        Assert.Equal(0x8000000000000001UL, info.CompatFeatures);
    }

    [Theory]
    [InlineData(1023, true)]
    [InlineData(1024, false)]
    public void A_name_may_have_up_to_1023_bytes(int length, bool fits)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        string name = LongNameOf(OtherRaw, length);
        var mark = ImageFiles.Mark(image);
        if (fits)
        {
            Apply(image, name);
            Assert.Equal(name, ImageInspection.Run(image, new ImageInspectionOptions()).BackingFile);
            return;
        }

        QedLimitException error = Assert.Throws<QedLimitException>(() => Apply(image, name));
        Assert.Equal("BackingFile", error.Parameter);
        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void The_limit_on_a_name_counts_bytes_and_not_characters()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        const string Name = "ü.raw";
        File.WriteAllText(_folder.PathOf(Name), "raw");

        Apply(image, LongNameOf(Name, 1022));
        Assert.Throws<QedLimitException>(() => Apply(image, LongNameOf(Name, 1023)));
    }

    [Fact]
    public void A_header_filled_by_the_old_name_has_no_space_for_another()
    {
        string image = Fixture.CopyTo(_folder, "headers/backing-size-4032.qed");
        var mark = ImageFiles.Mark(image);

        Assert.Throws<QedLimitException>(() => Apply(image, OtherRaw));

        Assert.Equal(mark, ImageFiles.State(image));
        Apply(image, null);
        Assert.Equal(OtherRaw, Apply(image, OtherRaw).BackingFile);
    }

    [Fact]
    public void A_missing_backing_file_is_refused_unless_that_is_allowed()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        var mark = ImageFiles.Mark(image);

        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => Apply(image, "missing.qed"));

        Assert.Equal(_folder.PathOf("missing.qed"), error.ResolvedPath);
        Assert.Equal(mark, ImageFiles.State(image));
        QedImageInfo info = Apply(image, "missing.qed", allowMissing: true);
        Assert.Equal("missing.qed", info.BackingFile);
        Assert.Equal(QedBackingFormat.Probe, info.BackingFormat);
        Assert.Equal(
            QedBackingFormat.Raw, Apply(image, "missing.raw", QedBackingFormat.Raw, allowMissing: true).BackingFormat);
    }

    [Theory]
    [InlineData("nbd:localhost:10809")]
    [InlineData("json:{}")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("base\0.raw")]
    public void A_name_that_is_not_followed_is_not_stored_even_if_missing_files_are_allowed(string name)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        var mark = ImageFiles.Mark(image);

        Assert.Throws<QedBackingFileRefusedException>(() => Apply(image, name, allowMissing: true));

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void An_image_cannot_be_its_own_backing_file()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        ImageFiles.Make(_folder.PathOf("overlay.qed"), "image.qed");
        ImageFiles.Make(_folder.PathOf("upper.qed"), "overlay.qed");
        var mark = ImageFiles.Mark(image);

        foreach (string name in new[] { "image.qed", "overlay.qed", "upper.qed", "./image.qed", image })
        {
            Assert.Throws<QedBackingChainException>(() => Apply(image, name));
            Assert.Throws<QedBackingChainException>(() => Apply(image, name, allowMissing: true));
        }

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void An_image_cannot_be_its_own_backing_file_under_another_name()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        File.CreateSymbolicLink(_folder.PathOf("symlink.qed"), "image.qed");
        Host.Run("ln", image, _folder.PathOf("hard-link.qed"));

        Assert.Throws<QedBackingChainException>(() => Apply(image, "symlink.qed"));
        Assert.Throws<QedBackingChainException>(() => Apply(image, "hard-link.qed"));
        Assert.Throws<QedBackingChainException>(() => Apply(_folder.PathOf("symlink.qed"), "image.qed"));
    }

    [Fact]
    public void A_chain_that_is_broken_further_down_is_not_refused()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        ImageFiles.Make(_folder.PathOf("middle.qed"), "missing.qed");

        Assert.Equal("middle.qed", Apply(image, "middle.qed").BackingFile);
    }

    [Fact]
    public void A_backing_file_of_an_unsupported_format_is_refused_by_format_name_unless_given_as_raw()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        Fixture.CopyTo(_folder, "foreign/disk.luks");

        Assert.Equal("LUKS", Assert.Throws<QedUnsupportedFormatException>(() => Apply(image, "disk.luks")).Format);
        Assert.Equal(QedBackingFormat.Raw, Apply(image, "disk.luks", QedBackingFormat.Raw).BackingFormat);
    }

    [Fact]
    public void A_chain_that_would_have_more_than_64_layers_is_refused_for_its_depth_and_not_as_a_cycle()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        for (int i = 1; i <= 66; i++)
        {
            ImageFiles.Make(_folder.PathOf($"{i}.qed"), i == 66 ? null : $"{i + 1}.qed");
        }

        QedBackingChainException error = Assert.Throws<QedBackingChainException>(() => Apply(image, "1.qed"));

        Assert.DoesNotContain("leads back", error.Message, StringComparison.Ordinal);
        Assert.Contains("64", error.Message, StringComparison.Ordinal);
    }

    // 64 layers plus the image on top make 65, a chain that could not be opened.
    [Fact]
    public void A_backing_file_that_already_has_64_layers_is_refused()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        for (int i = 1; i <= 64; i++)
        {
            ImageFiles.Make(_folder.PathOf($"{i}.qed"), i == 64 ? null : $"{i + 1}.qed");
        }

        Assert.Throws<QedBackingChainException>(() => Apply(image, "1.qed"));
        Assert.Equal("2.qed", Apply(image, "2.qed").BackingFile);
        Assert.Equal(64, ImageInspection.RunOverChain(image, new ImageInspectionOptions()).Count());
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Read))]
    [InlineData(nameof(StorageAccess.Write))]
    public void An_image_in_use_is_not_changed(string access)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        var mark = ImageFiles.Mark(image);
        using (FileStorage.Open(image, Enum.Parse<StorageAccess>(access)))
        {
            Assert.Throws<QedImageInUseException>(() => Apply(image, OtherRaw));
        }

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void The_image_is_unlocked_after_a_change_and_after_an_error()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        Apply(image, OtherRaw);
        FileStorage.Open(image, StorageAccess.Write).Dispose();

        Assert.Throws<QedBackingFileNotFoundException>(() => Apply(image, "missing.qed"));
        FileStorage.Open(image, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void A_plan_changes_nothing()
    {
        foreach (string fixture in new[] { "chains/over-raw.qed", "damaged/dirty-clean.qed", "headers/autoclear-unknown.qed" })
        {
            string image = Fixture.CopyTo(_folder, fixture);
            var mark = ImageFiles.Mark(image);

            QedImageInfo info = Plan(image, OtherRaw);

            Assert.Equal(ImageInspection.Run(image, new ImageInspectionOptions()), info);
            Assert.Equal(mark, ImageFiles.State(image));
        }
    }

    [Fact]
    public void A_plan_refuses_the_backing_files_that_the_change_would_refuse()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));

        Assert.Throws<QedBackingFileNotFoundException>(() => Plan(image, "missing.qed"));
        Assert.Throws<QedBackingChainException>(() => Plan(image, "image.qed"));
        Assert.Throws<QedBackingFileRefusedException>(() => Plan(image, "nbd:localhost:10809"));
        Assert.Throws<QedFileNotFoundException>(() => Plan(_folder.PathOf("missing.qed"), OtherRaw));
    }

    [Fact]
    public void A_plan_refuses_a_name_if_the_header_may_not_take_one()
    {
        string image = Fixture.CopyTo(_folder, "headers/compat-unknown.qed");

        Assert.Throws<QedUnsupportedFeatureException>(() => Plan(image, OtherRaw));
    }

    [Fact]
    public void A_plan_refuses_a_name_that_is_too_long()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));

        Assert.Throws<QedLimitException>(() => Plan(image, LongNameOf(OtherRaw, 1024)));
    }

    [Fact]
    public void A_plan_refuses_a_name_that_does_not_fit_in_the_header()
    {
        string image = Fixture.CopyTo(_folder, "headers/backing-size-4032.qed");

        Assert.Throws<QedLimitException>(() => Plan(image, OtherRaw));
    }

    [Fact]
    public void A_plan_that_preserves_contents_refuses_a_damaged_image()
    {
        string image = Fixture.CopyTo(_folder, "damaged/truncated.qed");

        Assert.Throws<QedCorruptException>(
            () => BackingFileChange.Plan(image, new BackingFileChangeOptions { PreserveContent = true }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_plan_refuses_an_image_that_others_are_reading()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        using FileStorage reader = FileStorage.Open(image, StorageAccess.Read);

        Assert.Throws<QedImageInUseException>(() => Plan(image, OtherRaw));
    }

    // A longer name for the same file: ".///////other.raw", whose extra slashes count but mean nothing.
    private static string LongNameOf(string name, int characters) =>
        "." + new string('/', characters - 1 - name.Length) + name;

    private static QedImageInfo Apply(
        string image, string? backing, QedBackingFormat? format = null, bool allowMissing = false) => BackingFileChange.Run(
        image,
        new BackingFileChangeOptions { BackingFile = backing, BackingFormat = format, AllowMissing = allowMissing },
        progress: null,
        TestContext.Current.CancellationToken);

    private static QedImageInfo Plan(string image, string? backing) =>
        BackingFileChange.Plan(image, new BackingFileChangeOptions { BackingFile = backing }).Image;
}
