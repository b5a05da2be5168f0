using System;
using System.Globalization;
using System.IO;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>The files under tests/fixtures/qcow2 read as their README says, and do not change.</summary>
public sealed class Qcow2FixtureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("v2.qcow2", 1048576, "0+65536 0x11, 204800+8192 0x12, 1048064+512 0x13")]
    [InlineData("v3.qcow2", 1048576, "0+8192 0x21, 12288+4096 0x21, 20480+12288 0x21, 600064+512 0x22")]
    [InlineData("compressed.qcow2", 1048576, "0+65536 0x31, 131072+65536 0x32, 196608+4096 0x33")]
    [InlineData("compressed-v2.qcow2", 66048, "0+66048 0x34")]
    [InlineData("zstd.qcow2", 66048, "0+65536 0x35, 65536+512 0x36")]
    [InlineData("over.qcow2", 1048576, "0+4096 0x21, 4096+4096 0x41, 12288+4096 0x21, 24576+8192 0x21, 900096+512 0x42")]
    [InlineData("snapshot.qcow2", 1048576, "0+65536 0x51, 65536+4096 0x52, 69632+61440 0x51")]
    [InlineData("subclusters.qcow2", 1048576, "0+65536 0x91, 8192+4096 0x00, 206848+2048 0x92, 262144+65536 0x93, 1046528+2048 0x94")]
    [InlineData("clusters-512.qcow2", 1049088, "0+512 0x61, 33280+1024 0x62, 1048576+512 0x63")]
    [InlineData("clusters-2m.qcow2", 8388608, "1048576+4096 0x71, 6291456+512 0x72")]
    [InlineData("dirty.qcow2", 1048576, "0+4096 0x81")]
    public void It_reads_as_it_was_written(string name, int size, string ranges)
    {
        Fixture.Expand(_folder, "qcow2/v3.qcow2.gz");
        string path = Fixture.Expand(_folder, $"qcow2/{name}.gz");
        byte[] before = File.ReadAllBytes(path);
        byte[] expected = new byte[size];
        foreach (string range in ranges.Split(", "))
        {
            string[] parts = range.Split('+', ' ');
            expected.AsSpan(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture)).Fill(Convert.ToByte(parts[2], 16));
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
