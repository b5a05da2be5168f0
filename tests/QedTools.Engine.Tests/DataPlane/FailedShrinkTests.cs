using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.Reliability;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>A shrink that fails at any point leaves a disk of the old size with all of its contents, or one of the new size.</summary>
public sealed class FailedShrinkTests
{
    private const int Size = 3 << 20;
    private const int NewSize = (1 << 20) + 512;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_is_discarded_last(bool hasBacking)
    {
        using MemoryHost host = new();
        int failures = 0;
        int sizes = 0;
        for (int at = 0; ; at++)
        {
            host.Restore(new Dictionary<string, byte[]>());
            host.Put("base.raw", Images.Pattern(9, Size));
            Images.Make(host, "top.qed", Size, tableSize: 1, hasBacking ? new BackingReference("base.raw", IsRaw: true) : null);
            Images.Scatter(host, "top.qed", seed: 3, pieces: 60);
            byte[] before = Images.Read(host, "top.qed");
            int first = host.Calls + at;
            bool failed = false;
            host.Faults = point =>
            {
                bool fails = !failed && point.Index >= first && point.Kind is FaultKind.Write or FaultKind.SetLength;
                failed |= fails;
                return fails ? new Fault(IsDiskFull: false) : null;
            };
            Exception? error = Record.Exception(() => host.Do(() => ImageResize.Run(
                host.PathOf("top.qed"), NewSize, new ImageResizeOptions { Shrink = true }, cancellation: TestContext.Current.CancellationToken)));
            host.Faults = null;
            if (!failed)
            {
                Assert.Null(error);
                break;
            }

            failures++;
            byte[] after = Images.Read(host, "top.qed");
            Assert.Contains(after.Length, new[] { Size, NewSize });
            Assert.Equal(before[..after.Length], after);
            sizes |= after.Length == Size ? 1 : 2;
        }

        Assert.True(failures > 5);
        Assert.Equal(3, sizes);
    }

    /// <summary>Entries that a failed shrink leaves past the new end do not become visible when the same stream grows the disk.</summary>
    [Fact]
    public void Growing_after_a_failed_shrink_shows_zeroes()
    {
        byte[] pattern = Images.Pattern(4, Size);
        for (int number = 1; ; number++)
        {
            MemoryStorage storage = new("top.qed");
            TestImage.Create(storage, new QedGeometry(4096, 1), Size);
            QedImage image = TestImage.OpenForWriting(storage);
            image.ToDisk(backing: null).Write(0, pattern);
            TestImage.Close(image);

            FaultyStorage faulty = new(storage);
            image = TestImage.OpenForWriting(faulty);
            IDisk disk = image.ToDisk(backing: null);
            faulty.Kind = StorageCall.Read;
            faulty.Number = faulty.CallsOf(StorageCall.Read) + number;
            Exception? error = Record.Exception(() => disk.SetLength(NewSize));
            if (!faulty.HasFailed)
            {
                Assert.Null(error);
                Assert.True(number > 2);
                return;
            }

            Assert.IsAssignableFrom<QedException>(error);
            disk.SetLength(Size);
            byte[] after = new byte[Size];
            disk.Read(0, after);
            Assert.Equal(pattern[..NewSize], after[..NewSize]);
            Assert.Equal(-1, after.AsSpan(NewSize).IndexOfAnyExcept((byte)0));
        }
    }
}
