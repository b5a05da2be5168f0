using System;
using System.Linq;
using QedTools.Chains;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

/// <summary>The order of paths in a tree of images.</summary>
public sealed class NaturalOrderTests
{
    [Fact]
    public void Numbers_count_by_their_value_and_folders_stay_together()
    {
        string[] expected = ["/a/vm1", "/a/vm2", "/a/VM02b", "/a/vm10", "/a/vm99999999999999999999", "/a/vm100000000000000000000", "/a/vmx", "/a b/vm1", "/b"];
        string[] mixed = [.. expected];
        new Random(1).Shuffle(mixed);
        Assert.Equal(expected, mixed.Order(NaturalOrder.Instance));
    }

    [Fact]
    public void It_is_an_order() => Seeded.Run(1, 2000, random =>
    {
        string[] texts = [.. Enumerable.Range(0, 3).Select(_ => new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => random.Pick("0012aAbB/ é".ToCharArray()))]))];
        NaturalOrder order = NaturalOrder.Instance;
        Assert.Equal(string.Equals(texts[0], texts[1], StringComparison.Ordinal), order.Compare(texts[0], texts[1]) == 0);
        Assert.Equal(Math.Sign(order.Compare(texts[0], texts[1])), -Math.Sign(order.Compare(texts[1], texts[0])));
        if (order.Compare(texts[0], texts[1]) <= 0 && order.Compare(texts[1], texts[2]) <= 0)
        {
            Assert.True(order.Compare(texts[0], texts[2]) <= 0, string.Join("|", texts));
        }
    });
}
