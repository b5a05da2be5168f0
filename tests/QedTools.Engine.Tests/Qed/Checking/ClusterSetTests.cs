using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck.Xunit;
using QedTools.Qed.Checking;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Checking;

public sealed class ClusterSetTests
{
    [Property(Replay = "20250103,3", MaxTest = 300)]
    public void It_behaves_like_a_set(int[] numbers, byte spread)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        AssertIsSet(numbers.Select(number => Math.Abs((long)number) << (spread % 40)), [0, 1, long.MaxValue >> 12]);
    }

    [Fact]
    public void Dense_numbers_form_a_set() => Seeded.Run(50_000, 5, random =>
        AssertIsSet(Numbers(30_000, () => random.Next(60_000)), Numbers(5000, () => random.Next(70_000))));

    [Fact]
    public void Widely_scattered_numbers_form_a_set() => Seeded.Run(51_000, 3, random =>
        AssertIsSet(Numbers(30_000, () => random.NextInt64(1L << 50)), Numbers(5000, () => random.NextInt64(1L << 50))));

    [Fact]
    public void Numbers_in_more_regions_than_there_may_be_bitmaps_form_a_set() => Seeded.Run(52_000, 3, random =>
    {
        // 7000 regions of 32,768 numbers: the first 4096 get bitmaps, more do as the set grows, the rest are stored one by one,
        // and regions change from one form to the other while numbers are added repeatedly.
        long Number() => ((long)random.Next(7000) << 15) + random.Pick(0, 1, 63, 64, 32767, random.Next(32768));
        AssertIsSet(Numbers(120_000, Number), Numbers(30_000, Number));
    });

    [Fact]
    public void Alternating_dense_and_scattered_numbers_form_a_set() => Seeded.Run(53_000, 3, random =>
    {
        long next = 0;
        long Number() => random.Next(10) < 7 ? next++ : random.NextInt64(1L << random.Pick(17, 30, 51));
        AssertIsSet(Numbers(80_000, Number), Numbers(20_000, Number));
    });

    [Fact]
    public void Ranges_in_more_regions_than_there_may_be_bitmaps_form_a_set() => Seeded.Run(55_000, 3, random =>
    {
        HashSet<long> model = [];
        ClusterSet set = new();
        for (int i = 0; i < 20_000; i++)
        {
            long first = ((long)random.Next(9000) << 15) + random.Pick(0, 1, 63, 64, 32700, random.Next(32768));
            int count = random.Next(200) == 0 ? random.Next(1, 2000) : random.Next(1, 40);
            IEnumerable<long> range = Enumerable.Range(0, count).Select(at => first + at);
            bool overlaps = range.Any(model.Contains);
            bool agrees = set.Overlaps(first, count) == overlaps && set.CountFree(first, count) == range.TakeWhile(number => !model.Contains(number)).Count();
            if (random.Next(3) > 0)
            {
                agrees &= set.AddRange(first, count) == !overlaps;
                model.UnionWith(overlaps ? [] : range);
            }

            Assert.True(agrees && set.Count == model.Count, $"{first}+{count}, range {i}: {set.Count} members instead of {model.Count}");
        }

        Assert.True(model.OrderDescending().SequenceEqual(set.Descending()), "The members are not listed completely, from the largest down");
        Assert.Equal(model.Max(), set.Largest);
    });

    [Fact]
    public void A_new_set_is_empty()
    {
        ClusterSet set = new();

        Assert.Equal(0, set.Count);
        Assert.Equal(-1, set.Largest);
        Assert.False(set.Contains(0));
        Assert.False(set.Contains(long.MaxValue >> 12));
    }

    [Fact]
    public void Widely_scattered_members_take_a_bounded_amount_of_memory_each()
    {
        const int Members = 200_000;
        Random random = new(54_000);
        long[] numbers = [.. Numbers(Members, () => random.NextInt64(1L << 50))];
        ClusterSet set = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (long number in numbers)
        {
            set.Add(number);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, (32L << 20) + (100L * Members));
        Assert.Equal(numbers.Distinct().Count(), set.Count);
    }

    [Fact]
    public void Adjacent_members_take_one_bit_each()
    {
        // A full image of 64 GiB with 4 KiB clusters: 2 MiB of bits.
        const int Members = 1 << 24;
        ClusterSet set = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Members; i++)
        {
            set.Add(i);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Members / 8, (Members / 8) + (1 << 20));
        Assert.Equal(Members, set.Count);
        Assert.Equal(Members - 1, set.Largest);
    }

    private static IEnumerable<long> Numbers(int count, Func<long> next)
    {
        for (int i = 0; i < count; i++)
        {
            yield return next();
        }
    }

    private static void AssertIsSet(IEnumerable<long> numbers, IEnumerable<long> asked)
    {
        HashSet<long> model = [];
        ClusterSet set = new();
        long largest = -1;
        foreach (long number in numbers)
        {
            bool isNew = model.Add(number);
            largest = Math.Max(largest, number);
            if (isNew != set.Add(number) || set.Count != model.Count || set.Largest != largest)
            {
                Assert.Fail($"Adding {number} as member {model.Count}, new: {isNew}, gives count {set.Count} and largest {set.Largest}");
            }
        }

        foreach (long number in model.Concat(asked))
        {
            if (model.Contains(number) != set.Contains(number))
            {
                Assert.Fail($"{number} should {(model.Contains(number) ? "be" : "not be")} in the set");
            }
        }

        Assert.True(model.OrderDescending().SequenceEqual(set.Descending()), "The members are not listed completely, from the largest down");
    }
}
