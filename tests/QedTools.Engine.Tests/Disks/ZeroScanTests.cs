using System;
using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Disks;

public sealed class ZeroScanTests
{
    [Fact]
    public void A_single_nonzero_byte_anywhere_is_found()
    {
        byte[] bytes = new byte[600];
        for (int start = 0; start < 9; start++)
        {
            foreach (int length in new[] { 0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 512, 560 })
            {
                Span<byte> part = bytes.AsSpan(start, length);
                Assert.True(ZeroScan.IsZero(part));
                for (int at = 0; at < length; at++)
                {
                    part[at] = 0x80;
                    Assert.False(ZeroScan.IsZero(part), $"{length} bytes from {start}, of which byte {at} is not zero");
                    part[at] = 0;
                }
            }
        }
    }

    [Fact]
    public void Bytes_around_the_part_do_not_matter()
    {
        byte[] bytes = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

        Assert.True(ZeroScan.IsZero(bytes.AsSpan(1, 9)));
        Assert.False(ZeroScan.IsZero(bytes));
    }
}
