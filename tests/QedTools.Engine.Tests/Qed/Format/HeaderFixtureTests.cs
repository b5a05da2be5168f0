using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Qed;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Format;

/// <summary>The images in fixtures/headers, each with one unusual header field: they behave as their README says.</summary>
public sealed class HeaderFixtureTests
{
    public static TheoryData<string> NotQed => ["magic-wrong", "magic-swapped", "cut-0"];

    public static TheoryData<string> Truncated => ["cut-4", "cut-40", "cut-63"];

    public static TheoryData<string, ulong> UnknownFeatures => new()
    {
        { "feature-bit-3", 8 },
        { "feature-bit-63", 1UL << 63 },
        { "feature-mixed", 8 },
    };

    public static TheoryData<string, string, ulong> DamagedFields => new()
    {
        { "cut-64", "header_size", 1 },
        { "cluster-size-0", "cluster_size", 0 },
        { "cluster-size-1000", "cluster_size", 1000 },
        { "cluster-size-2048", "cluster_size", 2048 },
        { "cluster-size-4097", "cluster_size", 4097 },
        { "cluster-size-134217728", "cluster_size", 134217728 },
        { "cluster-size-2147483648", "cluster_size", 2147483648 },
        { "table-size-0", "table_size", 0 },
        { "table-size-3", "table_size", 3 },
        { "table-size-32", "table_size", 32 },
        { "table-size-2147483648", "table_size", 2147483648 },
        { "header-size-0", "header_size", 0 },
        { "header-size-past-end", "header_size", 16 },
        { "header-size-max", "header_size", uint.MaxValue },
        { "l1-unaligned", "l1_table_offset", 4608 },
        { "l1-zero", "l1_table_offset", 0 },
        { "l1-in-header", "l1_table_offset", 4096 },
        { "l1-past-end", "l1_table_offset", 1UL << 40 },
        { "l1-wraps", "l1_table_offset", ulong.MaxValue - 4095 },
        { "image-size-odd", "image_size", (1 << 20) + 100 },
        { "image-size-over-limit", "image_size", (1UL << 32) + 512 },
        { "image-size-max", "image_size", ulong.MaxValue - 511 },
        { "backing-past-header", "backing_filename_offset", 4090 },
        { "backing-wraps", "backing_filename_offset", 0xfffffff0 },
        { "backing-over-fields", "backing_filename_offset", 16 },
        { "backing-size-4033", "backing_filename_offset", 64 },
        { "backing-size-4096", "backing_filename_size", 4096 },
    };

    /// <summary>File, backing name (with its length for the long ones), whether the backing file is raw.</summary>
    public static TheoryData<string, string?, bool> Opening => new()
    {
        { "l1-overhangs", null, false },
        { "compat-unknown", null, false },
        { "autoclear-unknown", null, false },
        { "raw-bit-alone", null, false },
        { "backing-without-bit", null, false },
        { "backing-size-0", null, false },
        { "backing-size-1023", new string('n', 1023), false },
        { "backing-size-1024", new string('n', 1024), false },
        { "backing-size-4032", new string('n', 4032), false },
        { "backing-nul", "base\0.raw", false },
        { "backing-invalid-utf8", "base\ufffd\ufffd.raw", false },
    };

    [Theory]
    [MemberData(nameof(NotQed))]
    public void A_file_without_the_magic_is_not_QED(string name) => Assert.Throws<QedNotAnImageException>(() => Open(name));

    [Theory]
    [MemberData(nameof(Truncated))]
    public void A_file_shorter_than_a_header_is_truncated(string name) => Assert.Throws<QedTruncatedException>(() => Open(name));

    [Theory]
    [MemberData(nameof(UnknownFeatures))]
    public void Unknown_features_are_refused(string name, ulong bits) =>
        Assert.Equal(bits, Assert.Throws<QedUnsupportedFeatureException>(() => Open(name)).Bits);

    [Theory]
    [MemberData(nameof(DamagedFields))]
    public void A_field_that_is_invalid_in_the_format_is_named(string name, string field, ulong value)
    {
        QedHeaderException e = Assert.Throws<QedHeaderException>(() => Open(name));
        Assert.Equal(field, e.Field);
        Assert.Equal(value, e.Value);
        Assert.Equal(PathOf(name), e.Path);
    }

    [Theory]
    [MemberData(nameof(Opening))]
    public void An_image_that_is_only_unusual_opens(string name, string? backing, bool isRaw)
    {
        using QedImage image = Open(name);

        Assert.Equal(1 << 20, image.VirtualSize);
        Assert.Equal(backing, image.BackingName);
        Assert.Equal(backing, image.Backing?.Name);
        Assert.Equal(backing is null ? null : isRaw, image.Backing?.IsRaw);
    }

    [Fact]
    public void Opening_does_not_change_unknown_bits()
    {
        using QedImage compatible = Open("compat-unknown");
        using QedImage autoclear = Open("autoclear-unknown");

        Assert.Equal(1UL, compatible.Header.CompatFeatures);
        Assert.Equal((1UL << 63) + 1, autoclear.Header.AutoclearFeatures);
    }

    [Fact]
    public void Every_header_fixture_is_in_one_of_these_tables()
    {
        List<string> listed =
        [
            .. NotQed.Select(row => row.Data),
            .. Truncated.Select(row => row.Data),
            .. UnknownFeatures.Select(row => row.Data.Item1),
            .. DamagedFields.Select(row => row.Data.Item1),
            .. Opening.Select(row => row.Data.Item1),
        ];
        IEnumerable<string> present = Directory.GetFiles(Fixture.PathOf("headers")).Select(file => Path.GetFileNameWithoutExtension(file)!);

        Assert.Equal(present.Order(), listed.Order());
    }

    private static string PathOf(string name) => Fixture.PathOf($"headers/{name}.qed");

    private static QedImage Open(string name)
    {
        FileStorage file = FileStorage.Open(PathOf(name), StorageAccess.Inspect);
        try
        {
            return QedImage.Open(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
