using System.Linq;
using Xunit;

namespace QedTools.Tests;

public sealed class ResultListTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "1")]
    [InlineData(10, "1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10")]
    [InlineData(12, "1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | and 2 more")]
    public void A_list_is_shown_as_its_first_parts(int count, string text) =>
        Assert.Equal(text, new ResultList<int>(Enumerable.Range(1, count).ToArray()).ToString());
}
