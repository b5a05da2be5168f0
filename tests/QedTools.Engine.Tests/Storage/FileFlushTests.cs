using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.Win32.SafeHandles;
using QedTools.Storage.Native;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>A flush that the host could not do is an error, and stays one.</summary>
public sealed class FileFlushTests
{
    // Numbers of errno on Linux and macOS.
    private const int Interrupted = 4;
    private const int InputOutput = 5;
    private const int Invalid = 22;

    public static bool HasFsync => FileFlush.IsSupported;

    // The runtime's own RandomAccess.FlushToDisk does not notice.
    [Fact(Skip = "the runtime flushes files on Windows", SkipUnless = nameof(HasFsync))]
    public void The_error_of_the_host_is_not_lost()
    {
        using SafeFileHandle closed = new((IntPtr)1_000_000, ownsHandle: false);
        Assert.Throws<IOException>(() => new FileFlush(closed).Run());
    }

    [Fact]
    public void After_an_error_nothing_counts_as_flushed_any_more()
    {
        Queue<int> results = new([0, InputOutput, 0, 0]);
        FileFlush flush = new(results.Dequeue);
        flush.Run();
        Assert.Equal(InputOutput, Assert.Throws<IOException>(flush.Run).HResult);
        Assert.Equal(InputOutput, Assert.Throws<IOException>(flush.Run).HResult);
        Assert.Equal(2, results.Count);
    }

    [Fact]
    public void A_call_that_was_interrupted_is_repeated_and_a_file_that_has_no_flush_needs_none()
    {
        Queue<int> results = new([Interrupted, Interrupted, 0, Invalid]);
        FileFlush flush = new(results.Dequeue);
        flush.Run();
        flush.Run();
        Assert.Empty(results);
    }
}
