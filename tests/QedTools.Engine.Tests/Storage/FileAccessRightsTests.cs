using System;
using System.IO;
using System.Runtime.Versioning;
using QedTools.Storage;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>
/// A file that replaces another one, or a backup, grants access only to those who had access to the original. Verified with getfacl and
/// getfattr.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileAccessRightsTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Host.NotKeepingAccessLists, SkipUnless = nameof(Host.KeepsAccessLists), SkipType = typeof(Host))]
    [InlineData("u:65534:rw,g::-")]
    [InlineData("u:65534:r,g:65534:rw,g::r,m::r")]
    [InlineData("g:65534:-,g::rw,o::-")]
    public void A_file_that_replaces_another_gets_its_access_list(string entries)
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("setfacl", "-m", entries, path);
        string wanted = AccessListOf(path);
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            Assert.Equal(wanted, AccessListOf(Host.PartialIn(_folder)));
            file.Commit();
        }

        Assert.Equal(wanted, AccessListOf(path));
    }

    [Fact(Skip = Host.NotKeepingAccessLists, SkipUnless = nameof(Host.KeepsAccessLists), SkipType = typeof(Host))]
    public void A_backup_gets_the_access_list_of_its_image()
    {
        string path = _folder.PathOf("image.qed");
        File.Copy(Fixture.PathOf("damaged/leak-in-middle.qed"), path);
        Host.Run("setfacl", "-m", "u:65534:rw,g::-", path);

        string backup = ImageRepair.Run(path, new ImageRepairOptions(), cancellation: TestContext.Current.CancellationToken).BackupPath!;

        Assert.Equal(AccessListOf(path), AccessListOf(backup));
    }

    [Fact(Skip = Host.NotKeepingAccessLists, SkipUnless = nameof(Host.KeepsAccessLists), SkipType = typeof(Host))]
    public void Default_permissions_of_the_folder_are_removed_if_the_old_file_did_not_have_them()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("chmod", "640", path);
        Host.Run("setfacl", "-d", "-m", "u:65534:rw,o::rw", _folder.Path);
        string wanted = AccessListOf(path);
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            Assert.Equal(wanted, AccessListOf(Host.PartialIn(_folder)));
            file.Commit();
        }

        Assert.Equal(wanted, AccessListOf(path));
    }

    [Fact(Skip = Host.NotKeepingAttributes, SkipUnless = nameof(Host.KeepsAttributes), SkipType = typeof(Host))]
    public void A_file_that_replaces_another_gets_its_attributes()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("setfattr", "-n", "user.origin", "-v", "a golden image", path);
        Host.Run("setfattr", "-n", "user.empty", path);
        string wanted = AttributesOf(path);
        using (NewFile file = NewFile.Create(path, replace: true))
        {
            file.Commit();
        }

        Assert.Contains("a golden image", wanted, StringComparison.Ordinal);
        Assert.Equal(wanted, AttributesOf(path));
    }

    [Fact(Skip = Host.NotKeepingAttributes, SkipUnless = nameof(Host.KeepsAttributesAsRoot), SkipType = typeof(Host))]
    public void If_a_label_cannot_be_kept_only_the_owner_may_use_the_new_file()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("setfattr", "-n", "security.test", "-v", "secret", path);
        Host.Run("chown", "65534", path);
        Host.Run("chmod", "666", path);
        Host.Run("chmod", "777", _folder.Path);
        string? decision = null;
        Host.AsUnprivilegedUser(() => Replace(path, new OperationTrace { Decision = line => decision = line }));

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        Assert.Contains("only its owner may use the new file", decision, StringComparison.Ordinal);
    }

    [Fact(Skip = Host.NotKeepingAttributes, SkipUnless = nameof(Host.KeepsAttributesAsRoot), SkipType = typeof(Host))]
    public void A_label_is_kept_if_possible()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("setfattr", "-n", "security.test", "-v", "secret", path);
        Host.Run("chmod", "664", path);
        Replace(path, trace: null);

        Assert.Contains("security.test=\"secret\"", AttributesOf(path), StringComparison.Ordinal);
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
    }

    // Otherwise another group would get the permissions of the old group.
    [Fact(Skip = Host.NotLinuxRoot, SkipUnless = nameof(Host.IsLinuxRoot), SkipType = typeof(Host))]
    public void If_the_group_cannot_be_kept_only_the_owner_may_use_the_new_file()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("chown", "1234:1235", path);
        Host.Run("chmod", "666", path);
        Host.Run("chmod", "777", _folder.Path);
        Host.AsUnprivilegedUser(() => Replace(path, trace: null));

        Assert.Equal(65534u, FileStatus.OfPath(path)!.Value.Owner!.Value.User);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
    }

    [Fact(Skip = Host.NotLinuxRoot, SkipUnless = nameof(Host.IsLinuxRoot), SkipType = typeof(Host))]
    public void If_only_the_owner_changes_the_group_keeps_its_permissions_and_set_user_ID_is_dropped()
    {
        string path = Host.WriteText(_folder, "image.qed", "old");
        Host.Run("chown", "1234:0", path);
        Host.Run("chmod", "4666", path);
        Host.Run("chmod", "777", _folder.Path);
        Host.AsUnprivilegedUser(() => Replace(path, trace: null));

        Assert.Equal((65534u, 0u), FileStatus.OfPath(path)!.Value.Owner);
        Assert.Equal(0x1B6, FileStatus.OfPath(path)!.Value.Permissions);
    }

    private static void Replace(string path, OperationTrace? trace)
    {
        using ReservedName name = ReservedName.Hold(path, replace: true);
        using NewFile file = NewFile.Create(name, trace: trace);
        file.Commit();
    }

    private static string AccessListOf(string path) => Qemu.Run("getfacl", ["-cpn", path]).Output;

    private static string AttributesOf(string path)
    {
        string text = Qemu.Run("getfattr", ["--absolute-names", "-d", "-m", "^(user|security)\\.", path]).Output;
        return text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }
}
