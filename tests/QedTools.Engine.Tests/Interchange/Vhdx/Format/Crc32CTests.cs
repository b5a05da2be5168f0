using System;
using System.Linq;
using System.Text;
using QedTools.Interchange.Vhdx.Format;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx.Format;

public sealed class Crc32CTests
{
    // RFC 3720, B.4, and the common check value.
    public static TheoryData<byte[], uint> Known { get; } = new()
    {
        { [], 0 },
        { Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },
        { new byte[32], 0x8A9136AA },
        { [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43 },
        { [.. Enumerable.Range(0, 32).Select(i => (byte)i)], 0x46DD794E },
        { [.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))], 0x113FDB5C },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void It_matches_the_standards(byte[] bytes, uint expected) => Assert.Equal(expected, Crc32C.Of(bytes));

    [Fact]
    public void It_can_be_continued_from_any_offset()
    {
        byte[] bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        for (int cut = 0; cut <= bytes.Length; cut += 7)
        {
            Assert.Equal(Crc32C.Of(bytes), ~Crc32C.Append(Crc32C.Append(Crc32C.Start, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
        }
    }

    [Fact]
    public void In_a_structure_the_checksum_field_itself_counts_as_zero()
    {
        byte[] structure = new byte[100];
        new Random(1).NextBytes(structure);
        uint checksum = Crc32C.OfStructure(structure);
        Assert.Equal(VhdxSketch.ChecksumOf(structure), checksum);
        structure[5] ^= 0xFF;
        Assert.Equal(checksum, Crc32C.OfStructure(structure));
        structure[8] ^= 1;
        Assert.NotEqual(checksum, Crc32C.OfStructure(structure));
    }
}
