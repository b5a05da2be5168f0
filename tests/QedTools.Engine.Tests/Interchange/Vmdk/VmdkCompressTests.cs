using System;
using System.IO;
using System.Text.Json;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>Compressed VMDK files (streamOptimized) that QedTools writes.</summary>
public sealed class VmdkCompressTests : IDisposable
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;
    private const int Grain = 64 * KiB;

    private static readonly DiskConversionOptions Compressed = new() { Compress = true };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(Grain)]
    [InlineData(Grain + 512)]
    [InlineData((32 * MiB) - 512)]
    [InlineData(32 * MiB)] // a table
    [InlineData((70 * MiB) + 1536)] // three
    public void It_is_as_the_specification_says(int size)
    {
        byte[] contents = MixedFile.Write(At("a.raw"), size, seed: size);
        QedImageInfo info = Convert("a.raw", "disk.vmdk", Compressed with { Verify = true });

        Assert.Equal(("VMDK", size, Grain), (info.Format, info.VirtualSize, info.ClusterSize));
        (byte[] read, string descriptor) = VmdkStreamValidator.Read(File.ReadAllBytes(At("disk.vmdk")));
        Assert.Equal(contents, read);
        Assert.Contains($"RW {size / 512} SPARSE \"disk.vmdk\"\n", descriptor, StringComparison.Ordinal);

        Convert("disk.vmdk", "b.raw", new DiskConversionOptions());
        Assert.Equal(contents, File.ReadAllBytes(At("b.raw")));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(512)]
    [InlineData(Grain + 512)]
    [InlineData((70 * MiB) + 1536)]
    public void QEMU_reads_and_checks_it(int size)
    {
        byte[] contents = MixedFile.Write(At("a.raw"), size, seed: size);
        Convert("a.raw", "b.vmdk", Compressed);

        Assert.Contains("No errors were found", Qemu.Img("check", "-f", "vmdk", At("b.vmdk")), StringComparison.Ordinal);
        Assert.Contains("identical", Qemu.Img("compare", "-f", "vmdk", "-F", "raw", At("b.vmdk"), At("a.raw")), StringComparison.Ordinal);
        Qemu.Img("convert", "-f", "vmdk", "-O", "raw", At("b.vmdk"), At("c.raw"));
        Assert.Equal(contents, File.ReadAllBytes(At("c.raw")));
        using JsonDocument theirs = JsonDocument.Parse(Qemu.Img("info", "-f", "vmdk", "--output=json", At("b.vmdk")));
        Assert.Equal(size, theirs.RootElement.GetProperty("virtual-size").GetInt64());
        Assert.Equal("streamOptimized", theirs.RootElement.GetProperty("format-specific").GetProperty("data").GetProperty("create-type").GetString());
    }

    [Fact]
    public void A_disk_of_zeroes_has_no_grain()
    {
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            file.SetLength(100 * MiB);
            file.Write(new byte[5 * MiB]);
        }

        Convert("a.raw", "b.vmdk", Compressed with { Verify = true });
        byte[] bytes = File.ReadAllBytes(At("b.vmdk"));

        // Header and descriptor, marker and directory, marker and footer, the marker of the end.
        Assert.Equal((128 + 2 + 2 + 1) * 512, bytes.Length);
        Assert.Equal(new byte[100 * MiB], VmdkStreamValidator.Read(bytes).Contents);
    }

    [Fact]
    public void Grains_that_do_not_get_smaller_have_room_in_every_reader()
    {
        byte[] noise = DiskBytes.Random(1, 5 * MiB);
        File.WriteAllBytes(At("a.raw"), noise);
        Convert("a.raw", "b.vmdk", Compressed);

        Assert.Equal(noise, VmdkStreamValidator.Read(File.ReadAllBytes(At("b.vmdk"))).Contents);
    }

    [Fact]
    public void The_largest_disk_takes_only_what_its_data_takes()
    {
        const long Size = 2040L << 30;
        RawFiles.OfPieces(At("a.raw"), Size, 12);
        Convert("a.raw", "b.vmdk", Compressed with { Verify = true });

        Assert.InRange(new FileInfo(At("b.vmdk")).Length, 1, MiB);
        if (Qemu.IsInstalled)
        {
            // To compare all of the disk takes qemu-img half a minute.
            foreach ((long offset, int length, byte value) in RawFiles.Pieces(Size, 12))
            {
                Assert.DoesNotContain("Pattern", Qemu.Io(At("b.vmdk"), "vmdk", $"read -P {value} {offset} {length}"), StringComparison.Ordinal);
            }
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(5)]
    public void It_is_no_larger_than_QEMUs(int seed)
    {
        MixedFile.Write(At("a.raw"), 32 * MiB, seed);
        Convert("a.raw", "b.vmdk", Compressed);
        Qemu.Img("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", At("a.raw"), At("c.vmdk"));

        long length = new FileInfo(At("c.vmdk")).Length;
        Assert.InRange(new FileInfo(At("b.vmdk")).Length, length / 2, length + (length / 50));
    }

    [Fact]
    public void It_is_the_same_whatever_the_number_of_threads_but_for_its_content_id()
    {
        MixedFile.Write(At("a.raw"), (12 * MiB) + 512, seed: 9);
        byte[]? first = null;
        foreach (int workers in new[] { 1, 2, 5, 16 })
        {
            using WorkerCount count = new(workers);
            Convert("a.raw", "b.vmdk", Compressed with { Replace = true });
            byte[] bytes = File.ReadAllBytes(At("b.vmdk"));
            int id = bytes.AsSpan().IndexOf("\nCID="u8);
            bytes.AsSpan(id + 5, 8).Clear();
            first ??= bytes;
            Assert.Equal(first, bytes);
        }
    }

    [Fact]
    public void It_is_deflated_and_nothing_else()
    {
        MixedFile.Write(At("a.raw"), MiB, seed: 1);
        QedRequestException error = Assert.Throws<QedRequestException>(
            () => Convert("a.raw", "b.vmdk", Compressed with { CompressionType = QedCompressionType.Zstd }));

        Assert.Equal(("CompressionType", QedCompressionType.Zstd, "Deflate"), (error.Parameter, error.Value, error.Allowed));
        Assert.False(File.Exists(At("b.vmdk")));
    }

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
