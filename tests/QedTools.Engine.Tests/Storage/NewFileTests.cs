using System;
using System.IO;
using System.Linq;
using System.Runtime.Versioning;
using System.Threading;
using QedTools.Storage;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

public sealed class NewFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_committed_file_has_its_name_and_its_contents()
    {
        string path = _folder.PathOf("new.qed");
        using (NewFile file = NewFile.Create(path, replace: false))
        {
            file.Storage.Write(0, "contents"u8);
            file.Commit();
        }

        Assert.Equal("contents", File.ReadAllText(path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void The_name_does_not_exist_before_the_commit()
    {
        string path = _folder.PathOf("new.qed");
        using NewFile file = NewFile.Create(path, replace: false);
        file.Storage.Write(0, "contents"u8);

        Assert.False(File.Exists(path));
        Assert.Equal(8, new FileInfo(Host.PartialIn(_folder)).Length);
        Assert.Equal(path, file.Storage.Path);
    }

    [Fact]
    public void A_file_that_is_not_committed_leaves_nothing_behind()
    {
        using (NewFile file = NewFile.Create(_folder.PathOf("new.qed"), replace: false))
        {
            file.Storage.Write(0, "contents"u8);
        }

        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData(false)]
    [InlineData(true)]
    public void A_broken_link_is_reported_and_kept(bool replace)
    {
        string path = _folder.PathOf("link.qed");
        File.CreateSymbolicLink(path, _folder.PathOf("nowhere.qed"));

        Assert.Equal("a broken link", Assert.Throws<QedNotAFileException>(() => NewFile.Create(path, replace)).Kind);
        Assert.Equal(["link.qed"], Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_existing_file_is_replaced_only_on_request(bool replace)
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        if (replace)
        {
            using NewFile file = NewFile.Create(path, replace: true);
            file.Storage.Write(0, "new"u8);
            Assert.Equal("old", Host.ReadShared(path));
            file.Commit();
        }
        else
        {
            QedFileExistsException error = Assert.Throws<QedFileExistsException>(() => NewFile.Create(path, replace: false));
            Assert.Equal(path, error.Path);
        }

        Assert.Equal(replace ? "new" : "old", File.ReadAllText(path));
        Assert.Equal(["image.qed"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [UnsupportedOSPlatform("windows")]
    public void A_file_that_replaces_another_gets_its_permissions()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("chmod", "4640", path);
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            // Not only afterwards: private contents must be private while they are being written.
            UnixFileMode building = File.GetUnixFileMode(Host.PartialIn(_folder));
            Assert.Equal(UnixFileMode.None, building & (UnixFileMode.OtherRead | UnixFileMode.GroupWrite));
            file.Commit();
        }

        Assert.Equal(
            UnixFileMode.SetUser | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            File.GetUnixFileMode(path));
    }

    [Fact(Skip = Host.NotLinuxRoot, SkipUnless = nameof(Host.IsLinuxRoot), SkipType = typeof(Host))]
    public void A_file_that_replaces_another_gets_its_owner_if_the_host_allows_it()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("chown", "1234:1235", path);
        Host.Run("chmod", "600", path);
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            file.Commit();
        }

        Assert.Equal((1234u, 1235u), FileStatus.OfPath(path)!.Value.Owner);
        Assert.Equal(0x180, FileStatus.OfPath(path)!.Value.Permissions);
    }

    [Fact]
    public void An_uncommitted_replacement_leaves_the_old_file()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            file.Storage.Write(0, "new"u8);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["image.qed"], Host.NamesIn(_folder));
        FileStorage.Open(path, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void Replacing_a_file_that_is_not_there_creates_it()
    {
        string path = _folder.PathOf("new.qed");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            file.Commit();
        }

        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Read))]
    [InlineData(nameof(StorageAccess.Write))]
    public void A_file_in_use_is_not_replaced(string access)
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        using (FileStorage.Open(path, Enum.Parse<StorageAccess>(access)))
        {
            Assert.Throws<QedImageInUseException>(() => NewFile.Create(path, replace: true));
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["image.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_file_to_be_replaced_is_locked_until_the_commit()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(path, StorageAccess.Read));
            Assert.Throws<QedImageInUseException>(() => NewFile.Create(path, replace: true));
            file.Commit();
            FileStorage.Open(path, StorageAccess.Write).Dispose();
        }

        FileStorage.Open(path, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void A_folder_is_never_replaced()
    {
        string path = _folder.PathOf("sub");
        Directory.CreateDirectory(path);

        Assert.Equal("a folder", Assert.Throws<QedNotAFileException>(() => NewFile.Create(path, replace: true)).Kind);
        Assert.Equal("a folder", Assert.Throws<QedNotAFileException>(() => NewFile.Create(path, replace: false)).Kind);
        Assert.Equal(["sub"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_device_is_never_replaced()
    {
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => NewFile.Create("/dev/null", replace: true)).Kind);
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        string folder = _folder.PathOf("missing");

        QedFileNotFoundException error =
            Assert.Throws<QedFileNotFoundException>(() => NewFile.Create(Path.Combine(folder, "new.qed"), replace: false));

        Assert.Equal(folder, error.Path);
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void A_folder_that_the_user_may_not_write_to_is_refused_under_the_new_name()
    {
        string path = _folder.PathOf("new.qed");
        Host.Run("chmod", "555", _folder.Path);
        try
        {
            Host.AsUnprivilegedUser(() =>
            {
                QedAccessDeniedException error =
                    Assert.Throws<QedAccessDeniedException>(() => NewFile.Create(path, replace: false));
                Assert.Equal(path, error.Path);
            });
        }
        finally
        {
            Host.Run("chmod", "755", _folder.Path);
        }
    }

    [Fact]
    public void Of_two_new_files_with_the_same_name_the_first_to_finish_is_kept()
    {
        string path = _folder.PathOf("new.qed");
        using (NewFile first = NewFile.Create(path, replace: false))
        using (NewFile second = NewFile.Create(path, replace: false))
        {
            first.Storage.Write(0, "first"u8);
            second.Storage.Write(0, "second"u8);
            first.Commit();

            Assert.Throws<QedFileExistsException>(() => second.Commit());
            Assert.Equal("first", File.ReadAllText(path));
        }

        Assert.Equal("first", File.ReadAllText(path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_file_created_in_the_meantime_is_not_replaced_because_it_was_not_locked()
    {
        string path = _folder.PathOf("new.qed");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            Host.WriteText(_folder, "new.qed", "created in the meantime");
            Assert.Throws<QedFileExistsException>(() => file.Commit());
        }

        Assert.Equal("created in the meantime", File.ReadAllText(path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_file_that_took_the_place_of_the_one_to_be_replaced_is_kept()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            File.Move(Host.WriteText(_folder, "other", "somebody's"), path, overwrite: true);
            QedFileExistsException error = Assert.Throws<QedFileExistsException>(() => file.Commit());
            Assert.Equal(path, error.Path);
            Assert.Contains("Another program", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal("somebody's", File.ReadAllText(path));
        Assert.Equal(["image.qed"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_file_removed_in_the_meantime_does_not_prevent_the_commit()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            file.Storage.Write(0, "new"u8);
            File.Delete(path);
            file.Commit();
        }

        Assert.Equal("new", File.ReadAllText(path));
    }

    // File.Move checks whether the name is free and only then renames.
    [Fact]
    public void Of_two_files_moved_to_the_same_free_name_at_once_one_gets_it_and_the_other_is_kept()
    {
        const int Rounds = 1000;
        string target = _folder.PathOf("target");
        string[] sources = [_folder.PathOf("a"), _folder.PathOf("b")];
        int[] moved = new int[2];
        using Barrier barrier = new(3);
        CancellationToken token = TestContext.Current.CancellationToken;
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                barrier.SignalAndWait(token);
                try
                {
                    FileMove.Into(sources[number], target, replace: false);
                    moved[number]++;
                }
                catch (IOException)
                {
                    // The other thread was first.
                }

                barrier.SignalAndWait(token);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        int lost = 0;
        for (int round = 0; round < Rounds; round++)
        {
            Array.ForEach(sources, source => File.WriteAllText(source, source));
            barrier.SignalAndWait(token);
            barrier.SignalAndWait(token);
            lost += Host.NamesIn(_folder).Length == 2 ? 0 : 1;
            Array.ForEach([target, .. sources], File.Delete);
        }

        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal((0, Rounds), (lost, moved.Sum()));
    }

    [Fact]
    public void A_name_that_is_too_long_is_reported_before_anything_is_created()
    {
        string path = _folder.PathOf(new string('x', 300));

        QedStorageException error = Assert.Throws<QedStorageException>(() => NewFile.Create(path, replace: false));

        Assert.Contains("Use a shorter name", error.Message, StringComparison.Ordinal);
        Assert.Equal(path, error.Path);
        Assert.Throws<QedStorageException>(() => NewFile.RequireFreeName(path, replace: true));
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_path_longer_than_the_host_allows_is_reported_too()
    {
        string path = _folder.PathOf(string.Concat(Enumerable.Repeat("folder/", 800)) + "x.qed");

        QedStorageException error = Assert.Throws<QedStorageException>(() => NewFile.Create(path, replace: false));

        Assert.Contains("Use a shorter name", error.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void A_folder_that_accepts_no_files_is_reported_under_the_requested_name()
    {
        QedException error = Assert.ThrowsAny<QedException>(() => NewFile.Create("/proc/x.qed", replace: false));

        Assert.Equal("/proc/x.qed", error.Path);
        Assert.Contains("'/proc/x.qed'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("qedtools-partial", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Flushes_wait_for_the_commit_which_does_one_before_the_file_gets_its_name(bool flush)
    {
        string path = _folder.PathOf("new.qed");
        using FileLog log = new();
        bool wasThere = false;
        log.Before = (_, act) => wasThere |= act == StorageCall.Flush && File.Exists(path);
        string partial;
        using (NewFile file = NewFile.Create(path, replace: false))
        {
            partial = Host.PartialIn(_folder);
            file.Storage.Flush();
            file.Storage.Write(0, "contents"u8);
            file.Storage.Flush();
            file.Storage.BeginFlush();
            file.Storage.SetLength(100);
            file.Storage.Flush();
            Assert.Equal([StorageCall.Write, StorageCall.BeginFlush, StorageCall.SetLength], log.ActsOn(partial));
            file.Commit(flush);
        }

        StorageCall[] end = flush ? [StorageCall.Flush, StorageCall.Close] : [StorageCall.Close];
        Assert.Equal(end, log.ActsOn(partial).Skip(3).Distinct());
        Assert.Equal(flush ? 1 : 0, log.ActsOn(partial).Count(act => act == StorageCall.Flush));
        Assert.False(wasThere);
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
        Assert.Equal(100, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_commit_that_cannot_flush_leaves_what_was_there_before(bool replace)
    {
        string path = _folder.PathOf("image.qed");
        if (replace)
        {
            Host.WriteText(_folder, "image.qed", "old");
        }

        using FileLog log = new();
        log.Before = (file, act) =>
        {
            if (act == StorageCall.Flush)
            {
                throw new QedStorageException(file, "write", offset: null, new IOException("Injected by the test."));
            }
        };
        using (NewFile file = NewFile.Create(path, replace))
        {
            file.Storage.Write(0, "new"u8);
            Assert.Throws<QedStorageException>(() => file.Commit());
        }

        Assert.Equal(replace ? ["image.qed"] : [], Host.NamesIn(_folder));
        Assert.True(!replace || File.ReadAllText(path) == "old");
    }

    [Fact]
    public void The_storage_of_an_uncommitted_file_behaves_like_the_file_except_for_flushes()
    {
        string path = _folder.PathOf("new.qed");
        using NewFile file = NewFile.Create(path, replace: false);
        IStorage storage = file.Storage;
        storage.SetLength(1 << 20);
        storage.Write(1000, "contents"u8);
        byte[] contents = new byte[8];

        Assert.Equal(8, storage.Read(1000, contents));
        Assert.Equal("contents"u8, contents);
        Assert.Equal((1 << 20, true), (storage.Length, storage.CanWrite));
        Assert.Equal(HostFiles.IdentityOf(Host.PartialIn(_folder)), storage.Identity);
        Assert.InRange(storage.AllocatedBytes, 1, 1 << 20);
        Assert.False(storage.RangeAt(0, 1 << 20).IsHole);
        storage.Dispose();
        Assert.Throws<ObjectDisposedException>(() => storage.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with\0nul.qed")]
    public void A_name_that_no_file_can_have_is_an_engine_error(string name) =>
        Assert.ThrowsAny<QedException>(() => NewFile.Create(name, replace: false));
}
