using System;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

public sealed class ImageCreationTests : IDisposable
{
    private const long MaxSize = long.MaxValue - 511;

    private readonly TempFolder _folder = new();
    private readonly string _path;

    public ImageCreationTests() => _path = _folder.PathOf("new.qed");

    /// <summary>Every cluster size with every table size that the format allows.</summary>
    public static MatrixTheoryData<int, int> Geometries { get; } =
        new([.. Enumerable.Range(12, 15).Select(bits => 1 << bits)], [1, 2, 4, 8, 16]);

    /// <summary>Requests that fail, each for a different reason; "old.qed" already exists in all of them.</summary>
    public static TheoryData<string> FailingRequests { get; } =
    [
        "no size", "size -1", "size over limit", "cluster size", "table size", "missing backing file", "protocol", "cycle",
        "name too long", "foreign backing file", "cancelled",
    ];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_default_image_has_the_sizes_that_QEMU_uses()
    {
        QedImageInfo info = Create(new() { SizeBytes = 1 << 30 });

        Assert.Equal(_path, info.Path);
        Assert.Equal("QED", info.Format);
        Assert.Equal(1 << 30, info.VirtualSize);
        Assert.Equal(65536, info.ClusterSize);
        Assert.Equal(4, info.TableSize);
        Assert.Equal(1, info.HeaderSize);
        Assert.Equal(65536, info.L1TableOffset);
        Assert.Equal(5 * 65536, info.FileSize);
        Assert.Equal(QedFeatures.None, info.Features);
        Assert.False(info.NeedsCheck);
        Assert.False(info.InUse);
        Assert.Null(info.BackingFile);
        Assert.Equal(0, info.Depth);
        Assert.Equal(info, ImageInspection.Run(_path, new ImageInspectionOptions()));
    }

    [Fact]
    public void A_default_image_is_identical_to_the_one_that_QEMU_creates()
    {
        Create(new() { SizeBytes = 1 << 30 });

        Assert.Equal(File.ReadAllBytes(Fixture.PathOf("images/empty-default.qed")), File.ReadAllBytes(_path));
    }

    [Theory]
    [MemberData(nameof(Geometries))]
    public void Every_geometry_gives_a_clean_empty_image_that_takes_almost_no_space(int clusterSize, int tableSize)
    {
        QedImageInfo info = Create(new() { SizeBytes = 1 << 20, ClusterSize = clusterSize, TableSize = tableSize });

        Assert.Equal(clusterSize + ((long)clusterSize * tableSize), info.FileSize);
        Assert.InRange(info.DiskUsage, 0, 64 << 10);
        QedExtent extent = Assert.Single(
            ImageMapping.Run(_path, new ImageMappingOptions(), TestContext.Current.CancellationToken));
        Assert.Equal((0, 1 << 20, QedExtentState.Unallocated), (extent.Start, extent.Length, extent.State));
        QedCheckResult check = Check();
        Assert.Equal(QedCheckStatus.Clean, check.Status);
        Assert.Equal(info.FileSize, check.ImageEndOffset);
    }

    [Theory]
    [MemberData(nameof(Geometries))]
    public void The_largest_size_is_what_the_tables_map_or_63_bits_can_hold(int clusterSize, int tableSize)
    {
        BigInteger entries = new BigInteger(tableSize) * clusterSize / 8;
        long most = (long)BigInteger.Min(entries * entries * clusterSize, MaxSize);
        ImageCreationOptions options = new() { ClusterSize = clusterSize, TableSize = tableSize };

        Assert.Equal(most, ImageCreation.Plan(_path, options with { SizeBytes = most }));
        Assert.Equal(most, ImageCreation.Plan(_path, options with { SizeBytes = most - 511 }));
        QedLimitException error =
            Assert.Throws<QedLimitException>(() => ImageCreation.Plan(_path, options with { SizeBytes = most + 1 }));
        Assert.Equal("SizeBytes", error.Parameter);
        Assert.Equal(most + 1, error.Value);
        Assert.Throws<QedLimitException>(() => ImageCreation.Plan(_path, options with { SizeBytes = long.MaxValue }));
    }

    [Theory]
    [InlineData(64 << 20, 16, MaxSize)]
    [InlineData(64 << 20, 1, MaxSize)]
    [InlineData(8 << 20, 1, MaxSize)]
    [InlineData(4 << 20, 2, 1L << 62)]
    [InlineData(4096, 1, 1L << 30)]
    [InlineData(4096, 2, 1L << 32)]
    public void An_image_of_the_largest_size_can_be_created_mapped_and_checked(int clusterSize, int tableSize, long size)
    {
        QedImageInfo info = Create(new() { SizeBytes = size, ClusterSize = clusterSize, TableSize = tableSize });

        Assert.Equal(size, info.VirtualSize);
        Assert.Equal(size, info.MaxVirtualSize);
        QedExtent extent = Assert.Single(
            ImageMapping.Run(_path, new ImageMappingOptions(), TestContext.Current.CancellationToken));
        Assert.Equal((0, size), (extent.Start, extent.Length));
        QedCheckResult check = Check();
        Assert.Equal(QedCheckStatus.Clean, check.Status);
        Assert.Equal((long)((new BigInteger(size) + clusterSize - 1) / clusterSize), check.TotalClusters);
    }

    [Theory]
    [InlineData(1, 512)]
    [InlineData(511, 512)]
    [InlineData(512, 512)]
    [InlineData(513, 1024)]
    [InlineData(1000, 1024)]
    [InlineData((1 << 20) - 1, 1 << 20)]
    [InlineData((1 << 20) + 1, (1 << 20) + 512)]
    public void Sizes_are_rounded_up_to_sectors(long asked, long size)
    {
        Assert.Equal(size, ImageCreation.Plan(_path, new() { SizeBytes = asked }));
        Assert.Equal(size, Create(new() { SizeBytes = asked }).VirtualSize);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-512)]
    [InlineData(long.MinValue)]
    public void A_negative_size_is_refused(long size)
    {
        QedLimitException error = Assert.Throws<QedLimitException>(() => Create(new() { SizeBytes = size }));

        Assert.Equal("SizeBytes", error.Parameter);
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Fact]
    public void Without_size_and_backing_file_nothing_is_created()
    {
        Assert.Throws<QedRequestException>(() => Create(new()));
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-65536)]
    [InlineData(512)]
    [InlineData(2048)]
    [InlineData(4095)]
    [InlineData(65535)]
    [InlineData(98304)]
    [InlineData(128 << 20)]
    [InlineData(1L << 32)]
    [InlineData((1L << 32) + 65536)]
    [InlineData(long.MinValue)]
    public void A_cluster_size_that_the_format_does_not_allow_is_refused(long clusterSize)
    {
        QedLimitException error =
            Assert.Throws<QedLimitException>(() => Create(new() { SizeBytes = 1 << 20, ClusterSize = clusterSize }));

        Assert.Equal("ClusterSize", error.Parameter);
        Assert.Equal(clusterSize, error.Value);
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(32)]
    [InlineData(int.MinValue)]
    public void A_table_size_that_the_format_does_not_allow_is_refused(int tableSize)
    {
        QedLimitException error =
            Assert.Throws<QedLimitException>(() => Create(new() { SizeBytes = 1 << 20, TableSize = tableSize }));

        Assert.Equal("TableSize", error.Parameter);
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Fact]
    public void Without_a_size_the_disk_is_as_large_as_its_backing_file()
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[1000]);
        ImageFiles.Make(_folder.PathOf("base.qed"), size: 3 << 20);

        Assert.Equal(1024, ImageCreation.Plan(_path, new() { BackingFile = "base.raw" }));
        Assert.Equal(1024, Create(new() { BackingFile = "base.raw", Replace = true }).VirtualSize);
        Assert.Equal(3 << 20, Create(new() { BackingFile = "base.qed", Replace = true }).VirtualSize);
        Assert.Equal(
            12288, Create(new() { BackingFile = "base.qed", BackingFormat = QedBackingFormat.Raw, Replace = true }).VirtualSize);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(64 << 20)]
    public void A_given_size_takes_precedence_over_the_backing_file(long size)
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[1000]);

        Assert.Equal(size, Create(new() { SizeBytes = size, BackingFile = "base.raw" }).VirtualSize);
    }

    [Fact]
    public void An_empty_backing_file_gives_a_disk_of_0_bytes()
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), []);

        Assert.Equal(0, Create(new() { BackingFile = "base.raw" }).VirtualSize);
        Assert.Equal(512, Create(new() { SizeBytes = 512, BackingFile = "base.raw", Replace = true }).VirtualSize);
    }

    [Fact]
    public void A_backing_file_that_is_larger_than_the_geometry_allows_is_refused()
    {
        using (FileStorage raw = FileStorage.CreateNew(_folder.PathOf("base.raw")))
        {
            raw.SetLength((1L << 32) + 1);
        }

        QedLimitException error = Assert.Throws<QedLimitException>(
            () => Create(new() { BackingFile = "base.raw", ClusterSize = 4096, TableSize = 2 }));

        Assert.Equal("SizeBytes", error.Parameter);
        Assert.Equal((1L << 32) + 1, error.Value);
        Assert.Equal(["base.raw"], Host.NamesIn(_folder));
    }

    [Fact]
    public void The_backing_name_is_stored_as_it_is_given()
    {
        Directory.CreateDirectory(_folder.PathOf("sub"));
        File.WriteAllBytes(_folder.PathOf("Basis mit Größe 基底.raw"), new byte[512]);
        string name = "sub/../Basis mit Größe 基底.raw";

        QedImageInfo info = Create(new() { BackingFile = name });

        Assert.Equal(name, info.BackingFile);
        Assert.Equal(_folder.PathOf("Basis mit Größe 基底.raw"), info.BackingFilePath);
        Assert.Equal(QedBackingFormat.Raw, info.BackingFormat);
        Assert.Equal(QedFeatures.BackingFile | QedFeatures.BackingFormatNoProbe, info.Features);
    }

    [Theory]
    [InlineData(null, "base.qed", QedBackingFormat.Probe)]
    [InlineData(QedBackingFormat.Probe, "base.qed", QedBackingFormat.Probe)]
    [InlineData(QedBackingFormat.Raw, "base.qed", QedBackingFormat.Raw)]
    [InlineData(null, "base.raw", QedBackingFormat.Raw)]
    [InlineData(QedBackingFormat.Probe, "base.raw", QedBackingFormat.Probe)]
    public void The_recorded_format_is_the_requested_one_or_raw_for_a_raw_file(
        QedBackingFormat? asked, string name, QedBackingFormat recorded)
    {
        ImageFiles.Make(_folder.PathOf("base.qed"));
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[512]);

        Assert.Equal(recorded, Create(new() { BackingFile = name, BackingFormat = asked }).BackingFormat);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(65536)]
    public void A_name_may_have_up_to_1023_bytes(int clusterSize)
    {
        File.WriteAllBytes(_folder.PathOf("b"), new byte[512]);
        string longest = "." + new string('/', 1021) + "b";

        Assert.Equal(longest, Create(new() { BackingFile = longest, ClusterSize = clusterSize }).BackingFile);

        QedLimitException error = Assert.Throws<QedLimitException>(
            () => Create(new() { BackingFile = "./" + longest[1..], ClusterSize = clusterSize, Replace = true }));
        Assert.Equal("BackingFile", error.Parameter);
        Assert.Equal(longest, ImageInspection.Run(_path, new ImageInspectionOptions()).BackingFile);
        Assert.Equal(["b", "new.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_plan_refuses_a_name_that_is_too_long()
    {
        File.WriteAllBytes(_folder.PathOf("b"), new byte[512]);

        Assert.Throws<QedLimitException>(() => ImageCreation.Plan(_path, new() { BackingFile = "." + new string('/', 1022) + "b" }));
    }

    [Fact]
    public void A_plan_refuses_to_replace_a_file_in_use()
    {
        ImageFiles.Make(_path);
        using FileStorage writer = FileStorage.Open(_path, StorageAccess.Write);

        Assert.Throws<QedImageInUseException>(() => ImageCreation.Plan(_path, new() { SizeBytes = 512, Replace = true }));
    }

    [Fact]
    public void A_plan_creates_nothing()
    {
        ImageCreation.Plan(_path, new() { SizeBytes = 1 << 20 });

        Assert.Empty(Host.NamesIn(_folder));
    }

    [Fact]
    public void An_existing_file_is_replaced_only_on_request()
    {
        Host.WriteText(_folder, "new.qed", "precious");
        var mark = ImageFiles.Mark(_path);

        Assert.Throws<QedFileExistsException>(() => Create(new() { SizeBytes = 1 << 20 }));
        Assert.Throws<QedFileExistsException>(() => ImageCreation.Plan(_path, new() { SizeBytes = 1 << 20 }));

        Assert.Equal(mark, ImageFiles.State(_path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_replaced_file_leaves_no_trace_in_the_new_one()
    {
        Create(new() { SizeBytes = 1 << 20 });
        byte[] fresh = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, [.. Enumerable.Repeat((byte)0xEE, fresh.Length * 2)]);

        Create(new() { SizeBytes = 1 << 20, Replace = true });

        Assert.Equal(fresh, File.ReadAllBytes(_path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Read))]
    [InlineData(nameof(StorageAccess.Write))]
    public void A_file_in_use_is_not_replaced(string access)
    {
        ImageFiles.Make(_path);
        var mark = ImageFiles.Mark(_path);
        using (FileStorage.Open(_path, Enum.Parse<StorageAccess>(access)))
        {
            Assert.Throws<QedImageInUseException>(() => Create(new() { SizeBytes = 512, Replace = true }));
        }

        Assert.Equal(mark, ImageFiles.State(_path));
        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_backing_file_may_be_in_use_by_a_writer()
    {
        string backing = ImageFiles.Make(_folder.PathOf("base.qed"));
        using FileStorage writer = FileStorage.Open(backing, StorageAccess.Write);

        Assert.Equal(1 << 20, Create(new() { BackingFile = "base.qed" }).VirtualSize);
    }

    [Theory]
    [InlineData("new.qed")]
    [InlineData("./new.qed")]
    [InlineData("overlay.qed")]
    public void A_file_is_not_replaced_by_an_image_that_needs_it(string backing)
    {
        Host.WriteText(_folder, "new.qed", "precious");
        ImageFiles.Make(_folder.PathOf("overlay.qed"), "new.qed", isRaw: true);
        var mark = ImageFiles.Mark(_path);

        Assert.Throws<QedBackingChainException>(() => Create(new() { BackingFile = backing, SizeBytes = 1 << 20, Replace = true }));

        Assert.Equal(mark, ImageFiles.State(_path));
        Assert.Equal(["new.qed", "overlay.qed"], Host.NamesIn(_folder));
    }

    [Fact]
    public void An_image_that_names_itself_before_it_exists_has_no_backing_file()
    {
        Assert.Throws<QedBackingFileNotFoundException>(() => Create(new() { BackingFile = "new.qed", SizeBytes = 512 }));
        Assert.Empty(Host.NamesIn(_folder));
    }

    [Theory]
    [MemberData(nameof(FailingRequests))]
    public void A_failed_create_leaves_nothing_behind(string request)
    {
        string[] before = PrepareFor();

        Assert.ThrowsAny<Exception>(() => FailingCreate(_path, request, replace: false));

        Assert.Equal(before, Host.NamesIn(_folder));
    }

    [Theory]
    [MemberData(nameof(FailingRequests))]
    public void A_failed_create_leaves_the_file_that_it_would_replace_unchanged(string request)
    {
        string[] before = PrepareFor();
        string old = _folder.PathOf("old.qed");
        var mark = ImageFiles.Mark(old);

        Exception error = Assert.ThrowsAny<Exception>(() => FailingCreate(old, request, replace: true));

        Assert.True(error is QedException or OperationCanceledException, $"{error}");
        Assert.Equal(mark, ImageFiles.State(old));
        Assert.Equal(before, Host.NamesIn(_folder));
        FileStorage.Open(old, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        QedFileNotFoundException error = Assert.Throws<QedFileNotFoundException>(() => ImageCreation.Run(
            _folder.PathOf("missing/new.qed"), new() { SizeBytes = 512 }, TestContext.Current.CancellationToken));

        Assert.Equal(_folder.PathOf("missing"), error.Path);
    }

    [Fact]
    public void A_folder_is_never_replaced()
    {
        Directory.CreateDirectory(_path);

        Assert.Throws<QedNotAFileException>(() => Create(new() { SizeBytes = 512, Replace = true }));
        Assert.True(Directory.Exists(_path));
    }

    private QedImageInfo Create(ImageCreationOptions options) =>
        ImageCreation.Run(_path, options, TestContext.Current.CancellationToken);

    private QedCheckResult Check() =>
        ImageCheck.Run(_path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);

    private string[] PrepareFor()
    {
        ImageFiles.Make(_folder.PathOf("old.qed"), "missing.qed");
        ImageFiles.Make(_folder.PathOf("over-old.qed"), "old.qed");
        File.WriteAllBytes(_folder.PathOf("b"), new byte[512]);
        Fixture.CopyTo(_folder, "foreign/disk.luks");
        return Host.NamesIn(_folder);
    }

    private static void FailingCreate(string path, string request, bool replace)
    {
        ImageCreationOptions options = new() { SizeBytes = 1 << 20, Replace = replace };
        options = request switch
        {
            "no size" => options with { SizeBytes = null },
            "size -1" => options with { SizeBytes = -1 },
            "size over limit" => options with { SizeBytes = long.MaxValue },
            "cluster size" => options with { ClusterSize = 1000 },
            "table size" => options with { TableSize = 3 },
            "missing backing file" => options with { BackingFile = "missing.qed" },
            "protocol" => options with { BackingFile = "nbd:localhost:10809" },
            "cycle" when replace => options with { BackingFile = "over-old.qed" },
            "cycle" => options with { BackingFile = Path.GetFileName(path) },
            "name too long" => options with { BackingFile = "." + new string('/', 1022) + "b" },
            "foreign backing file" => options with { BackingFile = "disk.luks" },
            _ => options,
        };
        ImageCreation.Run(path, options, new CancellationToken(canceled: request == "cancelled"));
    }
}
