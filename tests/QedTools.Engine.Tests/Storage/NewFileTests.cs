using System;
using System.IO;
using QedTools.Storage;
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
    public void Nothing_has_the_name_before_the_commit()
    {
        string path = _folder.PathOf("new.qed");
        using NewFile file = NewFile.Create(path, replace: false);
        file.Storage.Write(0, "contents"u8);

        Assert.False(File.Exists(path));
        Assert.Equal(_folder.Path, Path.GetDirectoryName(Path.GetFullPath(file.Storage.Path)));
    }

    [Fact]
    public void A_file_that_is_not_committed_leaves_nothing()
    {
        using (NewFile file = NewFile.Create(_folder.PathOf("new.qed"), replace: false))
        {
            file.Storage.Write(0, "contents"u8);
        }

        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_existing_file_is_replaced_only_if_asked(bool replace)
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        if (replace)
        {
            using NewFile file = NewFile.Create(path, replace: true);
            file.Storage.Write(0, "new"u8);
            Assert.Equal("old", ReadShared(path));
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
    public void A_file_being_replaced_is_locked_until_it_is()
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
    public void A_folder_that_this_user_may_not_write_to_is_refused_under_the_new_name()
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
    public void Of_two_new_files_of_one_name_the_first_to_finish_stays()
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
    public void A_file_that_came_meanwhile_is_not_replaced_because_nobody_locked_it()
    {
        string path = _folder.PathOf("new.qed");
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            Host.WriteText(_folder, "new.qed", "came meanwhile");
            Assert.Throws<QedFileExistsException>(() => file.Commit());
        }

        Assert.Equal("came meanwhile", File.ReadAllText(path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with\0nul.qed")]
    public void A_name_that_no_file_can_have_is_an_error_of_the_engine(string name) =>
        Assert.ThrowsAny<QedException>(() => NewFile.Create(name, replace: false));

    // On Windows the file being replaced is open without sharing writes, which ReadAllText insists on.
    private static string ReadShared(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
