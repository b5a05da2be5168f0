using System.Linq;
using QedTools.Disks;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Disks;

public sealed class EntryScanTests
{
    [Fact]
    public void A_run_of_equal_entries_ends_before_the_first_different_one_at_every_length()
    {
        for (int length = 1; length <= 70; length++)
        {
            for (int run = 1; run <= length; run++)
            {
                foreach (ulong value in new[] { 0UL, 1UL, 0x7000UL, ulong.MaxValue >> 1 })
                {
                    ulong[] entries = [.. Enumerable.Repeat(value, run), .. Enumerable.Repeat(value ^ 0x8000000000000000, length - run)];
                    Assert.Equal(run, EntryScan.CountEqual(entries, entries[0]));
                    uint[] narrow = [.. entries.Select(entry => (uint)(entry >> 32))];
                    Assert.Equal(run, EntryScan.CountEqual(narrow, narrow[0]));

                    // Entries after the first different one do not matter.
                    entries[^1] = value;
                    Assert.Equal(run < length - 1 ? run : length, EntryScan.CountEqual(entries, entries[0]));
                }
            }
        }
    }

    [Fact]
    public void A_run_of_contiguous_entries_ends_before_the_first_different_one_at_every_length()
    {
        for (int length = 1; length <= 70; length++)
        {
            for (int run = 1; run <= length; run++)
            {
                foreach (uint step in new[] { 4096u, 65536u, 1u << 26 })
                {
                    ulong[] entries = [.. Enumerable.Range(0, length).Select(i => (1UL << 40) + ((ulong)i * step))];
                    if (run < length)
                    {
                        entries[run] = entries[run] + step;
                    }

                    Assert.Equal(run, EntryScan.CountContiguous(entries, entries[0], step));
                }
            }
        }
    }

    [Fact]
    public void Contiguity_does_not_wrap_into_a_32_bit_number()
    {
        ulong[] entries = [0xfc000000, 0x100000000, 0x104000000, 0x8000000];

        Assert.Equal(3, EntryScan.CountContiguous(entries, entries[0], 1 << 26));
    }

    [Fact]
    public void The_first_entry_counts_with_the_value_that_was_read_before()
    {
        // A concurrent writer has changed it in the meantime.
        Assert.Equal(3, EntryScan.CountEqual<ulong>([5, 1, 1, 0], 1));
        Assert.Equal(3, EntryScan.CountContiguous([0, 0x5000, 0x6000, 0x8000], 0x4000, 4096));
        Assert.Equal(1, EntryScan.CountContiguous([0x4000, 0x5000], 0x5000, 4096));
    }

    [Fact]
    public void Runs_in_random_tables_are_as_long_as_when_counted_one_by_one() => Seeded.Run(6000, 3000, random =>
    {
        ulong[] entries = new ulong[random.Next(1, 300)];
        uint step = 1u << random.Next(12, 27);
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = i > 0 && random.Next(30) > 0 ? entries[i - 1] + random.Pick(0u, step, step) : (ulong)random.Next(4) * step;
        }

        int equal = 1;
        while (equal < entries.Length && entries[equal] == entries[0])
        {
            equal++;
        }

        int contiguous = 1;
        while (contiguous < entries.Length && entries[contiguous] == entries[contiguous - 1] + step)
        {
            contiguous++;
        }

        Assert.Equal(equal, EntryScan.CountEqual(entries, entries[0]));
        Assert.Equal(contiguous, EntryScan.CountContiguous(entries, entries[0], step));
    });
}
