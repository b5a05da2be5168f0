using System;
using System.IO;
using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using QedTools.Storage;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>The hint that tells the host to start writing early.</summary>
public sealed class WritebackTests : IDisposable
{
    private const int Interval = 16 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(4096)]
    [InlineData(3_000_000)]
    [InlineData(Interval)]
    public void The_hint_is_given_after_each_interval(int bytes)
    {
        HintCounter storage = new();
        Writeback writeback = new(storage);
        int each = (Interval + bytes - 1) / bytes;
        for (int i = 1; i <= (3 * each) + 1; i++)
        {
            writeback.Note(bytes);
            Assert.Equal(i / each, storage.Hints);
        }
    }

    [Fact]
    public void One_large_write_gives_one_hint()
    {
        HintCounter storage = new();
        Writeback writeback = new(storage);
        writeback.Note(10L * Interval);
        Assert.Equal(1, storage.Hints);
        writeback.Note(Interval - 1);
        Assert.Equal(1, storage.Hints);
        writeback.Note(1);
        Assert.Equal(2, storage.Hints);
    }

    [Fact]
    public void Without_a_file_nothing_happens()
    {
        Writeback writeback = new(storage: null);
        for (int i = 0; i < 3; i++)
        {
            writeback.Note(Interval);
        }
    }

    [Fact]
    public void The_hint_changes_nothing()
    {
        string path = _folder.PathOf("a.raw");
        using (FileStorage storage = FileStorage.CreateNew(path))
        {
            storage.BeginFlush();
            storage.Write(5000, "contents"u8);
            storage.BeginFlush();
            storage.BeginFlush();
            storage.Write(5008, " and more"u8);
            Assert.Equal(5017, storage.Length);
        }

        using FileStorage reader = FileStorage.Open(path, StorageAccess.Read);
        reader.BeginFlush();
        byte[] contents = new byte[5017];
        Assert.Equal(contents.Length, reader.Read(0, contents));
        Assert.Equal("contents and more"u8, contents.AsSpan(5000));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void Failing_to_write_early_is_not_an_error()
    {
        // The call fails with ESPIPE for a pipe and with EBADF for a descriptor that is not open.
        using AnonymousPipeServerStream pipe = new();
        using SafeFileHandle notAFile = new(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        EarlyWriteback.Begin(notAFile);
        using SafeFileHandle nothing = new(1_000_000, ownsHandle: false);
        EarlyWriteback.Begin(nothing);
        using FileStorage folderNeighbour = FileStorage.CreateNew(Path.Combine(_folder.Path, "gone.raw"));
        File.Delete(folderNeighbour.Path);
        folderNeighbour.Write(0, new byte[4096]);
        folderNeighbour.BeginFlush();
    }

    private sealed class HintCounter() : ForwardingStorage(new MemoryStorage())
    {
        public int Hints { get; private set; }

        public override void BeginFlush() => Hints++;
    }
}
