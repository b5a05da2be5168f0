using System;
using System.IO;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>The files under tests/fixtures/vhdx read as their README says, and do not change.</summary>
public sealed class VhdxFixtureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dynamic.vhdx", 8388608, "0+65536 0x11, 2097152+1048576 0x12, 8388096+512 0x13")]
    [InlineData("fixed.vhdx", 3146240, "1048576+65536 0x21, 3145728+512 0x22")]
    [InlineData("log.vhdx", 8388608, "1048576+65536 0x31, 5242880+65536 0x32")]
    [InlineData(
        "child.avhdx",
        8388608,
        "0+32768 0x11, 32768+32768 0x41, 2097152+1048576 0x12, 2100736+512 0x43, 3145728+1048576 0x42, 8388096+512 0x13")]
    public void It_reads_as_it_was_written(string name, int size, string ranges)
    {
        Fixture.Expand(_folder, "vhdx/dynamic.vhdx.gz");
        string path = Fixture.Expand(_folder, $"vhdx/{name}.gz");
        byte[] before = File.ReadAllBytes(path);
        byte[] expected = new byte[size];
        foreach (string range in ranges.Split(", "))
        {
            string[] parts = range.Split('+', ' ');
            expected.AsSpan(int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)).Fill(Convert.ToByte(parts[2], 16));
        }

        using (DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken))
        {
            byte[] contents = new byte[stream.Length];
            stream.ReadExactly(contents);
            Assert.Equal(expected, contents);
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }
}
