using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Disks;

public sealed class DiskExtentTests
{
    private static readonly DiskExtent Data = new(4096, 8192, QedExtentState.Data, 65536, Depth: 1);

    private static readonly DiskExtent Next = new(12288, 512, QedExtentState.Data, 73728, Depth: 1);

    [Fact]
    public void An_extent_ends_where_the_next_begins() => Assert.Equal(12288, Data.End);

    [Fact]
    public void Data_continues_if_disk_and_file_offsets_do()
    {
        Assert.True(Data.IsContinuedBy(Next));
        Assert.False(Data.IsContinuedBy(Next with { Start = 16384 }));
        Assert.False(Data.IsContinuedBy(Next with { FileOffset = 69632 }));
        Assert.False(Data.IsContinuedBy(Next with { FileOffset = 0 }));
        Assert.False(Data.IsContinuedBy(Next with { Depth = 0 }));
        Assert.False(Data.IsContinuedBy(Next with { State = QedExtentState.Zero }));
        Assert.False(Data.IsContinuedBy(Data));
    }

    [Theory]
    [InlineData(QedExtentState.Zero)]
    [InlineData(QedExtentState.Unallocated)]
    public void Extents_without_data_continue_in_the_same_layer(QedExtentState state)
    {
        DiskExtent first = Data with { State = state, FileOffset = 0 };
        DiskExtent next = Next with { State = state, FileOffset = 0 };

        Assert.True(first.IsContinuedBy(next));
        Assert.False(first.IsContinuedBy(next with { Depth = 2 }));
        Assert.False(first.IsContinuedBy(next with { Start = 12289 }));
        Assert.False(first.IsContinuedBy(next with { State = QedExtentState.Data }));
    }
}
