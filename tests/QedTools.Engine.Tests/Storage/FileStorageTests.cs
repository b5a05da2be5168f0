using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

public sealed class FileStorageTests : IDisposable
{
    private const int Mebibyte = 1 << 20;

    private readonly TempFolder _folder = new();

    public static TheoryData<string> EveryAccess { get; } =
        [nameof(StorageAccess.Inspect), nameof(StorageAccess.Read), nameof(StorageAccess.Write)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public void A_missing_file_is_reported_as_missing(string access)
    {
        string path = _folder.PathOf("missing.qed");

        QedFileNotFoundException error = Assert.Throws<QedFileNotFoundException>(() => Open(path, access));

        Assert.Equal(path, error.Path);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public void A_file_in_a_missing_folder_is_reported_as_missing(string access) =>
        Assert.Throws<QedFileNotFoundException>(() => Open(_folder.PathOf("no-such-folder/image.qed"), access));

    [Theory]
    [InlineData(300, 1)]
    [InlineData(200, 40)]
    public void A_file_with_an_impossibly_long_name_is_missing(int length, int count)
    {
        string path = _folder.PathOf(string.Join('/', Enumerable.Repeat(new string('x', length), count)));

        Assert.Equal(path, Assert.Throws<QedFileNotFoundException>(() => FileStorage.Open(path, StorageAccess.Inspect)).Path);
        Assert.Throws<QedFileNotFoundException>(() => FileStorage.Open(path, StorageAccess.Write));
        Assert.Null(HostFiles.IdentityOf(path));
    }

    [Fact]
    public void Opening_a_missing_file_for_writing_does_not_create_it()
    {
        Assert.Throws<QedFileNotFoundException>(() => FileStorage.Open(_folder.PathOf("missing.qed"), StorageAccess.Write));
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public void A_folder_is_refused_by_its_kind(string access)
    {
        QedNotAFileException error = Assert.Throws<QedNotAFileException>(() => Open(_folder.Path, access));

        Assert.Equal("a folder", error.Kind);
        Assert.Equal(_folder.Path, error.Path);
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData("/dev/null")]
    [InlineData("/dev/zero")]
    public void A_device_is_refused_by_its_kind(string device)
    {
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(device, StorageAccess.Read)).Kind);
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(device, StorageAccess.Write)).Kind);
    }

    [Theory(Skip = Host.NotWindows, SkipUnless = nameof(Host.IsWindows), SkipType = typeof(Host))]
    [InlineData("NUL")]
    [InlineData("con")]
    [InlineData("COM1")]
    [InlineData(@"\\.\NUL")]
    [InlineData(@"\\.\PhysicalDrive0")]
    [InlineData(@"\\.\pipe\qedtools")]
    public void A_Windows_device_is_refused_by_its_kind(string device)
    {
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(device, StorageAccess.Read)).Kind);
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(device, StorageAccess.Write)).Kind);
        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => NewFile.Create(device, replace: true)).Kind);
        Assert.Null(HostFiles.IdentityOf(device));
    }

    [Fact]
    public void A_path_longer_than_the_old_limit_of_260_characters_works_like_any_other()
    {
        string folder = Path.Combine([_folder.Path, .. Enumerable.Repeat(new string('d', 60), 5)]);
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "image.qed");
        using (NewFile file = NewFile.Create(path, replace: false))
        {
            file.Storage.Write(0, "contents"u8);
            file.Commit();
        }

        using FileStorage storage = FileStorage.Open(path, StorageAccess.Read);
        Assert.Equal(8, storage.Length);
        Assert.Equal(HostFiles.IdentityOf(path), storage.Identity);
        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(path, StorageAccess.Write));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_symlink_to_a_device_is_refused_like_the_device()
    {
        string link = _folder.PathOf("image.qed");
        File.CreateSymbolicLink(link, "/dev/zero");

        Assert.Equal("a device", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(link, StorageAccess.Read)).Kind);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host), Timeout = Patience.Milliseconds)]
    public async Task A_pipe_that_nobody_writes_to_is_refused_at_once()
    {
        string pipe = _folder.PathOf("pipe.qed");
        Host.Run("mkfifo", pipe);

        foreach (StorageAccess access in Enum.GetValues<StorageAccess>())
        {
            QedNotAFileException error = await Task.Run(
                () => Assert.Throws<QedNotAFileException>(() => FileStorage.Open(pipe, access)),
                TestContext.Current.CancellationToken);
            Assert.Equal("a pipe", error.Kind);
        }
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_socket_is_refused_by_its_kind()
    {
        string path = _folder.PathOf("s");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));

        Assert.Equal("a socket", Assert.Throws<QedNotAFileException>(() => FileStorage.Open(path, StorageAccess.Read)).Kind);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_cycle_of_symlinks_is_an_error_and_not_a_crash()
    {
        File.CreateSymbolicLink(_folder.PathOf("a"), _folder.PathOf("b"));
        File.CreateSymbolicLink(_folder.PathOf("b"), _folder.PathOf("a"));

        Assert.ThrowsAny<QedException>(() => FileStorage.Open(_folder.PathOf("a"), StorageAccess.Read));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with\0nul")]
    public void A_name_that_no_file_can_have_is_an_engine_error(string name) =>
        Assert.ThrowsAny<QedException>(() => FileStorage.Open(name, StorageAccess.Inspect));

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void A_file_that_the_user_may_not_read_is_refused_as_such()
    {
        string path = Host.WriteText(_folder, "private.qed", "text");
        Host.Run("chmod", "0", path);

        Host.AsUnprivilegedUser(() =>
        {
            QedAccessDeniedException error = Assert.Throws<QedAccessDeniedException>(() => FileStorage.Open(path, StorageAccess.Read));
            Assert.Equal(path, error.Path);
            Assert.Contains("read", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void A_file_that_the_user_may_only_read_opens_for_reading_and_is_refused_for_writing()
    {
        string path = Host.WriteText(_folder, "shared.qed", "text");
        Host.Run("chmod", "444", path);

        Host.AsUnprivilegedUser(() =>
        {
            FileStorage.Open(path, StorageAccess.Read).Dispose();
            QedAccessDeniedException error = Assert.Throws<QedAccessDeniedException>(() => FileStorage.Open(path, StorageAccess.Write));
            Assert.Contains("write", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_read_that_reaches_the_end_is_short_and_one_past_it_is_empty()
    {
        using FileStorage storage = FileStorage.Open(Host.WriteText(_folder, "ten", "0123456789"), StorageAccess.Read);
        byte[] buffer = new byte[8];

        Assert.Equal(10, storage.Length);
        Assert.Equal(8, storage.Read(0, buffer));
        Assert.Equal("01234567"u8, buffer);
        Assert.Equal(3, storage.Read(7, buffer));
        Assert.Equal("789"u8, buffer.AsSpan(0, 3));
        Assert.Equal(0, storage.Read(10, buffer));
        Assert.Equal(0, storage.Read(1L << 40, buffer));
        Assert.Equal(0, storage.Read(0, []));
    }

    [Fact]
    public void Data_written_is_read_back_and_the_file_grows_as_needed()
    {
        string path = Host.WriteText(_folder, "ten", "0123456789");
        using (FileStorage storage = FileStorage.Open(path, StorageAccess.Write))
        {
            storage.Write(8, "abcd"u8);
            storage.Flush();

            Assert.True(storage.CanWrite);
            Assert.Equal(12, storage.Length);
            byte[] buffer = new byte[12];
            Assert.Equal(12, storage.Read(0, buffer));
            Assert.Equal("01234567abcd"u8, buffer);
        }

        Assert.Equal("01234567abcd", File.ReadAllText(path));
    }

    [Fact]
    public void Bytes_added_by_a_new_length_read_as_zeroes_and_bytes_cut_off_are_gone()
    {
        string path = Host.WriteText(_folder, "ten", "0123456789");
        using FileStorage storage = FileStorage.Open(path, StorageAccess.Write);
        storage.SetLength(4);
        storage.SetLength(6);

        byte[] buffer = new byte[10];
        Assert.Equal(6, storage.Read(0, buffer));
        Assert.Equal("0123\0\0"u8, buffer.AsSpan(0, 6));
    }

    [Fact]
    public void A_storage_opened_for_reading_says_so_and_refuses_writes()
    {
        string path = Host.WriteText(_folder, "ten", "0123456789");
        using (FileStorage storage = FileStorage.Open(path, StorageAccess.Read))
        {
            Assert.False(storage.CanWrite);
            Assert.ThrowsAny<QedException>(() => storage.Write(0, "x"u8));
        }

        Assert.Equal("0123456789", File.ReadAllText(path));
    }

    [Fact(Skip = Host.NotTellingHoles, SkipUnless = nameof(Host.TellsHoles), SkipType = typeof(Host))]
    public void A_hole_is_distinguished_from_data_and_the_ranges_cover_the_file()
    {
        using FileStorage storage = FileStorage.Open(MakeSparseFile(), StorageAccess.Read);

        StorageRange first = storage.RangeAt(0, storage.Length);
        Assert.Equal(new StorageRange(Mebibyte, IsHole: true), first);

        StorageRange second = storage.RangeAt(Mebibyte, storage.Length - Mebibyte);
        Assert.False(second.IsHole);
        Assert.InRange(second.Length, 64 << 10, Mebibyte);

        StorageRange third = storage.RangeAt(first.Length + second.Length, storage.Length - first.Length - second.Length);
        Assert.Equal(new StorageRange((4 * Mebibyte) - first.Length - second.Length, IsHole: true), third);
    }

    [Fact(Skip = Host.NotTellingHoles, SkipUnless = nameof(Host.TellsHoles), SkipType = typeof(Host))]
    public void A_range_ends_where_the_queried_range_ends()
    {
        using FileStorage storage = FileStorage.Open(MakeSparseFile(), StorageAccess.Read);

        Assert.Equal(new StorageRange(1, IsHole: true), storage.RangeAt(0, 1));
        Assert.Equal(new StorageRange(4096, IsHole: true), storage.RangeAt(Mebibyte - 4096, 1 << 20));
        Assert.Equal(new StorageRange(1000, IsHole: false), storage.RangeAt(Mebibyte + 10, 1000));
        Assert.Equal(new StorageRange(5, IsHole: true), storage.RangeAt((4 * Mebibyte) - 5, 5));
    }

    [Fact]
    public void Looking_for_holes_does_not_affect_reads()
    {
        using FileStorage storage = FileStorage.Open(MakeSparseFile(), StorageAccess.Read);
        byte[] buffer = new byte[16];
        storage.RangeAt(Mebibyte, 4096);

        Assert.Equal(16, storage.Read(0, buffer));
        Assert.Equal(new byte[16], buffer);
        Assert.Equal(16, storage.Read(Mebibyte, buffer));
        Assert.All(buffer, b => Assert.Equal(0xAB, b));
    }

    [Fact(Skip = Host.NotTellingHoles, SkipUnless = nameof(Host.TellsHoles), SkipType = typeof(Host))]
    public void A_sparse_file_takes_less_space_than_its_length()
    {
        using FileStorage storage = FileStorage.Open(MakeSparseFile(), StorageAccess.Read);

        Assert.Equal(4 * Mebibyte, storage.Length);
        Assert.InRange(storage.AllocatedBytes, 64 << 10, Mebibyte);
    }

    [Fact]
    public void Two_files_with_equal_contents_have_different_identities()
    {
        string a = Host.WriteText(_folder, "a", "same");
        string b = Host.WriteText(_folder, "b", "same");

        Assert.NotNull(HostFiles.IdentityOf(a));
        Assert.NotEqual(HostFiles.IdentityOf(a), HostFiles.IdentityOf(b));
        Assert.Null(HostFiles.IdentityOf(_folder.PathOf("missing")));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_file_has_the_same_identity_under_every_path()
    {
        string path = Host.WriteText(_folder, "file", "text");
        string symlink = _folder.PathOf("symlink");
        File.CreateSymbolicLink(symlink, "file");
        string hardLink = _folder.PathOf("hard-link");
        Host.Run("ln", path, hardLink);
        string folderLink = _folder.PathOf("folder-link");
        Directory.CreateSymbolicLink(folderLink, _folder.Path);

        string? identity = HostFiles.IdentityOf(path);

        Assert.NotNull(identity);
        Assert.Equal(identity, HostFiles.IdentityOf(symlink));
        Assert.Equal(identity, HostFiles.IdentityOf(hardLink));
        Assert.Equal(identity, HostFiles.IdentityOf(Path.Combine(folderLink, "file")));
    }

    // .NET resolves ".." as text, the kernel by following folders: opening and identifying must use the same file.
    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_path_with_two_dots_has_the_identity_of_the_file_it_opens()
    {
        string path = Host.WriteText(_folder, "file", "text");

        using FileStorage storage = FileStorage.Open(Path.Combine(_folder.Path, "no-such-folder", "..", "file"), StorageAccess.Inspect);

        Assert.Equal(HostFiles.IdentityOf(path), storage.Identity);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void An_open_file_keeps_its_identity_when_another_file_takes_its_name()
    {
        string path = Host.WriteText(_folder, "image", "the open one");
        using FileStorage storage = FileStorage.Open(path, StorageAccess.Inspect);
        string moved = _folder.PathOf("moved");
        File.Move(path, moved);
        Host.WriteText(_folder, "image", "another one");

        Assert.Equal(HostFiles.IdentityOf(moved), storage.Identity);
        Assert.NotEqual(HostFiles.IdentityOf(path), storage.Identity);
    }

    [Fact]
    public void CreateNew_creates_an_empty_file_and_never_opens_an_existing_one()
    {
        string path = _folder.PathOf("new");
        using (FileStorage storage = FileStorage.CreateNew(path))
        {
            Assert.True(storage.CanWrite);
            Assert.Equal(0, storage.Length);
            storage.Write(0, "text"u8);
        }

        Assert.Throws<QedFileExistsException>(() => FileStorage.CreateNew(path));
        Assert.Equal("text", File.ReadAllText(path));
    }

    private static void Open(string path, string access) => FileStorage.Open(path, Enum.Parse<StorageAccess>(access)).Dispose();

    // A file of 4 MiB with 64 KiB of 0xAB at 1 MiB.
    private string MakeSparseFile()
    {
        string path = _folder.PathOf("sparse");
        using FileStorage storage = FileStorage.CreateNew(path);
        storage.SetLength(4 * Mebibyte);
        byte[] data = new byte[64 << 10];
        Array.Fill<byte>(data, 0xAB);
        storage.Write(Mebibyte, data);
        storage.Flush();
        return path;
    }
}
