using QedTools.Interchange.Vhd;
using Xunit;

namespace QedTools.Tests.Interchange.Vhd;

public sealed class VhdGeometryTests
{
    // Computed by hand from the appendix of the specification.
    [Theory]
    [InlineData(512L, 0, 4, 17)]
    [InlineData(1L << 20, 30, 4, 17)]
    [InlineData(40L << 20, 1024 * 0 + 963, 5, 17)]
    [InlineData(1L << 30, 2080, 16, 63)]
    [InlineData(128L << 30, 65535, 16, 255)]
    [InlineData(2040L << 30, 65535, 16, 255)]
    public void The_geometry_is_the_one_that_the_specification_prescribes(long size, int cylinders, int heads, int sectorsPerTrack) =>
        Assert.Equal(new VhdGeometry(cylinders, heads, sectorsPerTrack), VhdGeometry.Of(size));
}
