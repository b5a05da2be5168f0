using System.Globalization;
using Xunit;

namespace QedTools.Tests;

/// <summary>Human-readable sizes.</summary>
public sealed class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1048575, "1 MiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    [InlineData(-1536, "-1.5 KiB")]
    public void A_size_is_in_the_largest_unit_that_gives_at_least_one(long bytes, string text) =>
        Assert.Equal(text, InInvariantCulture(() => ByteSize.Format(bytes)));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(1024, "1 KiB (1024 bytes)")]
    [InlineData(8191, "8 KiB (8191 bytes)")]
    [InlineData(-1024, "-1 KiB (-1024 bytes)")]
    public void An_exact_size_includes_the_bytes(long bytes, string text) =>
        Assert.Equal(text, InInvariantCulture(() => ByteSize.FormatExact(bytes)));

    [Fact]
    public void Null_gives_an_empty_text()
    {
        Assert.Empty(ByteSize.Format(null));
        Assert.Empty(ByteSize.FormatExact(null));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(999.6, "0.98 KiB")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10240, "10.0 KiB")]
    [InlineData(10.0 * 1024 * 1024 * 1024, "10.0 GiB")]
    [InlineData(99.95 * 1024, "100 KiB")]
    [InlineData(9.995 * 1024, "10.0 KiB")]
    [InlineData(1023 * 1024, "1.00 MiB")]
    public void A_short_size_has_at_most_three_digits(double bytes, string text) =>
        Assert.Equal(text, InInvariantCulture(() => ByteSize.FormatShort(bytes)));

    private static string InInvariantCulture(System.Func<string> format)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return format();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
