using System;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>New flat disks: a descriptor and a data file, which are never a mixture of two disks.</summary>
public sealed class VmdkFlatTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_flat_disk_is_a_descriptor_and_the_bytes_of_the_disk()
    {
        byte[] bytes = Source(1, (3 * MiB) + 512);
        QedImageInfo info = Convert("disk.vmdk");

        Assert.Equal(["disk-flat.vmdk", "disk.vmdk", "source.raw"], Names());
        Assert.Equal(bytes, File.ReadAllBytes(At("disk-flat.vmdk")));
        string[] lines = File.ReadAllLines(At("disk.vmdk"));
        Assert.Contains("createType=\"monolithicFlat\"", lines);
        Assert.Contains("RW 6145 FLAT \"disk-flat.vmdk\" 0", lines);
        Assert.Equal(bytes, DiskBytes.OfFile(At("disk.vmdk")));
        Assert.Equal(new FileInfo(At("disk.vmdk")).Length + bytes.Length, info.FileSize);
    }

    [Fact]
    public void QEMU_reads_a_flat_disk()
    {
        Assert.SkipUnless(Qemu.IsInstalled, Qemu.SkipReason);
        Source(1, (3 * MiB) + 512);
        Convert("disk.vmdk", new DiskConversionOptions { AdapterType = QedAdapterType.LsiLogic });

        Assert.Contains("create type: monolithicFlat", Qemu.Img("info", At("disk.vmdk")), StringComparison.Ordinal);
        Assert.Contains("Images are identical", Qemu.Img("compare", "-s", "-f", "raw", "-F", "vmdk", At("source.raw"), At("disk.vmdk")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_file_that_exists_is_an_error_before_anything_is_made()
    {
        Source(1, MiB);
        File.WriteAllText(At("disk-flat.vmdk"), "somebody's");
        Assert.Equal(At("disk-flat.vmdk"), Assert.Throws<QedFileExistsException>(() => Convert("disk.vmdk")).Path);
        Assert.Throws<QedFileExistsException>(() => DiskConversion.Plan(At("source.raw"), At("disk.vmdk"), new DiskConversionOptions { IsFixed = true }, TestContext.Current.CancellationToken));
        Assert.Equal(["disk-flat.vmdk", "source.raw"], Names());

        // Nothing describes it, so that it may be what a killed process left.
        Convert("disk.vmdk", new DiskConversionOptions { Replace = true });
        Assert.Equal(File.ReadAllBytes(At("source.raw")), DiskBytes.OfFile(At("disk.vmdk")));
        Assert.Equal(["disk-flat.vmdk", "disk.vmdk", "source.raw"], Names());
    }

    [Fact]
    public void A_disk_that_is_replaced_is_whole_until_the_new_one_has_its_name_and_its_data_goes_afterwards()
    {
        byte[] old = Source(1, MiB);
        Convert("disk.vmdk");
        byte[] bytes = Source(2, 2 * MiB);
        byte[]? seen = null;
        Convert("disk.vmdk", new DiskConversionOptions { Replace = true }, new AtEnd(() => seen = File.ReadAllBytes(At("disk-flat.vmdk"))));

        Assert.Equal(old, seen);
        Assert.Equal(bytes, DiskBytes.OfFile(At("disk.vmdk")));
        Assert.Equal(["disk-1-flat.vmdk", "disk.vmdk", "source.raw"], Names());

        Convert("disk.vmdk", new DiskConversionOptions { Replace = true });
        Assert.Equal(["disk-flat.vmdk", "disk.vmdk", "source.raw"], Names());
        Assert.Equal(bytes, DiskBytes.OfFile(At("disk.vmdk")));
    }

    [Fact]
    public void Data_that_another_disk_uses_is_neither_replaced_nor_removed()
    {
        byte[] old = Source(1, MiB);
        Convert("disk.vmdk");
        File.Copy(At("disk.vmdk"), At("other.vmdk"));
        byte[] bytes = Source(2, MiB);
        Convert("disk.vmdk", new DiskConversionOptions { Replace = true });

        Assert.Equal(old, DiskBytes.OfFile(At("other.vmdk")));
        Assert.Equal(bytes, DiskBytes.OfFile(At("disk.vmdk")));
        Assert.Equal(["disk-1-flat.vmdk", "disk-flat.vmdk", "disk.vmdk", "other.vmdk", "source.raw"], Names());
    }

    [Fact]
    public void The_data_of_the_disk_to_replace_is_no_source_and_no_other_programs()
    {
        byte[] old = Source(1, MiB);
        Convert("disk.vmdk");
        DiskConversionOptions options = new() { Replace = true, IsFixed = true, SourceFormat = QedDiskFormat.Raw };
        QedRequestException error = Assert.Throws<QedRequestException>(() => DiskConversion.Plan(At("disk-flat.vmdk"), At("disk.vmdk"), options, TestContext.Current.CancellationToken));
        Assert.Contains("is read while the result is written", error.Message, StringComparison.Ordinal);

        using (HostFiles.Open(At("disk-flat.vmdk"), StorageAccess.Write))
        {
            Assert.Throws<QedImageInUseException>(() => Convert("disk.vmdk", options));
        }

        Assert.Equal(old, DiskBytes.OfFile(At("disk.vmdk")));
        Assert.Equal(["disk-flat.vmdk", "disk.vmdk", "source.raw"], Names());
    }

    [Fact]
    public void A_lost_descriptor_is_made_anew_beside_a_copy_of_the_data()
    {
        byte[] bytes = Source(1, MiB);
        File.Move(At("source.raw"), At("disk-flat.vmdk"));
        DiskConversion.Run(
            At("disk-flat.vmdk"), At("disk.vmdk"), new DiskConversionOptions { IsFixed = true, SourceFormat = QedDiskFormat.Raw, Replace = true }, progress: null, TestContext.Current.CancellationToken);

        Assert.Equal(["disk-1-flat.vmdk", "disk-flat.vmdk", "disk.vmdk"], Names());
        Assert.Equal(bytes, DiskBytes.OfFile(At("disk.vmdk")));
    }

    [Fact]
    public void Nothing_is_left_of_a_disk_that_is_not_finished()
    {
        Source(1, 4 * MiB);
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => DiskConversion.Run(
            At("source.raw"), At("disk.vmdk"), new DiskConversionOptions { IsFixed = true, Verify = true }, new AtEnd(stop.Cancel), stop.Token));
        Assert.Equal(["source.raw"], Names());

        // Somebody takes the name of the disk while its data has got its own already.
        Assert.Throws<QedFileExistsException>(() => Convert("disk.vmdk", progress: new AtEnd(() => File.WriteAllText(At("disk.vmdk"), "new"))));
        Assert.Equal(["disk.vmdk", "source.raw"], Names());
        Assert.Equal("new", File.ReadAllText(At("disk.vmdk")));
    }

    [Fact]
    public void Both_files_keep_the_permissions_of_those_that_they_replace()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has access lists, which FileAccessRightsTests looks at");
            return;
        }

        Source(1, MiB);
        Convert("disk.vmdk");
        File.SetUnixFileMode(At("disk.vmdk"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.SetUnixFileMode(At("disk-flat.vmdk"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Convert("disk.vmdk", new DiskConversionOptions { Replace = true });

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(At("disk.vmdk")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("disk-1-flat.vmdk")));
    }

    private string[] Names() => [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private byte[] Source(int seed, int length)
    {
        byte[] bytes = DiskBytes.Random(seed, length);
        File.WriteAllBytes(At("source.raw"), bytes);
        return bytes;
    }

    private QedImageInfo Convert(string name, DiskConversionOptions? options = null, IProgress<OperationProgress>? progress = null) => DiskConversion.Run(
        At("source.raw"), At(name), (options ?? new()) with { IsFixed = true }, progress, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);

    // Called once, when the last piece is copied.
    private sealed class AtEnd(Action act) : IProgress<OperationProgress>
    {
        private bool _done;

        public void Report(OperationProgress value)
        {
            if (value.BytesDone == value.BytesTotal && !_done)
            {
                _done = true;
                act();
            }
        }
    }
}
