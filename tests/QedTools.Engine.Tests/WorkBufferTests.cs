using System;
using System.IO;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

/// <summary>The memory that operations hand on to each other.</summary>
public sealed class WorkBufferTests : IDisposable
{
    // In bytes. No operation takes smaller pieces than this, and everything else that these make is less.
    private const int SmallestPiece = 256 << 10;
    private const int Attempts = 10;

    private readonly TempFolder _folder = new();

    /// <summary>Operations that read all of a disk or of its tables.</summary>
    public static TheoryData<string> Operations => ["check", "compare", "differences", "copy", "merge", "hash", "plain hash"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Operations))]
    public void An_operation_that_follows_others_has_no_memory_of_its_own_for_pieces(string operation)
    {
        File.WriteAllBytes(At("a.raw"), DiskBytes.Random(7, 3 << 20));
        File.WriteAllBytes(At("b.raw"), DiskBytes.Random(8, 3 << 20));
        DiskConversion.Run(At("a.raw"), At("a.qed"), new DiskConversionOptions { ClusterSize = 4096 }, progress: null, Cancellation);
        using WorkerCount one = new(1);
        long least = long.MaxValue;

        // Other tests may be the ones that get the memory that was given back.
        for (int i = 0; i < Attempts && least >= SmallestPiece; i++)
        {
            if (operation == "merge")
            {
                File.Copy(At("a.qed"), At("base.qed"), overwrite: true);
                File.Delete(At("over.qed"));
                DiskConversion.Run(
                    At("b.raw"),
                    At("over.qed"),
                    new DiskConversionOptions { BackingFile = "base.qed", ClusterSize = 4096 },
                    progress: null,
                    Cancellation);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            Do(operation);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 1, SmallestPiece - 1);
    }

    [Fact]
    public void It_has_the_length_that_was_asked_for_and_cannot_be_used_once_it_is_given_back()
    {
        WorkBuffer<ulong> buffer = new(1000);
        Assert.Equal(1000, buffer.Span.Length);
        Assert.True(buffer.Array.Length >= 1000);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsSpan(999, 2).Length);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Array);

        // Given back twice, it would be handed out to two.
        using WorkBuffer<ulong> next = new(1000);
        using WorkBuffer<ulong> other = new(1000);
        Assert.NotSame(next.Array, other.Array);
    }

    private void Do(string operation)
    {
        switch (operation)
        {
            case "check":
                ImageCheck.Run(At("a.qed"), new ImageCheckOptions(), progress: null, Cancellation);
                break;
            case "compare":
                DiskComparison.Run(At("a.qed"), At("a.raw"), new DiskComparisonOptions(), progress: null, Cancellation);
                break;
            case "differences":
                foreach (QedDifference found in DiskDifferences.Run(At("a.qed"), At("b.raw"), new DiskComparisonOptions(), progress: null, Cancellation))
                {
                    Assert.NotEqual(0, found.Length);
                }

                break;
            case "copy":
                DiskConversion.Run(At("a.qed"), At("copy.raw"), new DiskConversionOptions { Replace = true }, progress: null, Cancellation);
                break;
            case "merge":
                DiskMerge.Run(At("over.qed"), new DiskMergeOptions(), progress: null, Cancellation);
                break;
            default:
                DiskHashing.Run(At("a.qed"), new DiskHashingOptions { Plain = operation == "plain hash", BlockSize = 4096 }, progress: null, Cancellation);
                break;
        }
    }

    private string At(string name) => _folder.PathOf(name);
}
