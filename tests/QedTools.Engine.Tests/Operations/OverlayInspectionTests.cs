using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Which images lie over which: found from the headers of the files in some folders.</summary>
public sealed class OverlayInspectionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly List<QedException> _problems = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Overlays_are_returned_after_what_they_lie_over_in_natural_order()
    {
        Make("golden.qed");
        Make("vm10.qed", "golden.qed");
        Make("vm2.qed", "golden.qed");
        Make("vm2-snapshot.qed", "vm2.qed");
        Make("other.qed");

        Assert.Equal(
            ["1 vm2.qed Overlay 1", "2 vm2-snapshot.qed Overlay 0", "1 vm10.qed Overlay 0"], Lines(Run("golden.qed")));
        Assert.Equal(["1 vm2-snapshot.qed Overlay 0"], Lines(Run("vm2.qed")));
        Assert.Empty(Run("vm10.qed"));
        Assert.Equal(
            ["0 golden.qed Base 2", "1 vm2.qed Overlay 1", "2 vm2-snapshot.qed Overlay 0", "1 vm10.qed Overlay 0", "0 other.qed Standalone 0"], Lines(Run(".")));
    }

    [Fact]
    public void An_image_is_described_as_elsewhere_with_how_it_names_its_backing_file()
    {
        Make("golden.qed");
        string path = Make("vm.qed", "./../" + Path.GetFileName(_folder.Path) + "/golden.qed");

        QedOverlayInfo found = Assert.Single(Run("golden.qed"));

        QedImageInfo expected = ImageInspection.Run(path, new ImageInspectionOptions());
        Assert.Equal(expected with { Depth = 1 }, new QedImageInfoCopy(found).Image);
        Assert.Equal(("./../" + Path.GetFileName(_folder.Path) + "/golden.qed", _folder.PathOf("golden.qed")), (found.BackingFile, found.BackingFilePath));
    }

    [Fact]
    public void What_is_wrong_with_a_backing_file_is_a_state()
    {
        Make("a-orphan.qed", "missing.qed");
        Make("b-over.qed", "a-orphan.qed");
        Make("c-protocol.qed", "nbd:localhost:10809");
        Make("d-cycle.qed", "e-cycle.qed");
        Make("e-cycle.qed", "d-cycle.qed");
        Make("f-over-cycle.qed", "e-cycle.qed");
        Make("g-self.qed", "g-self.qed");
        Make("h-folder.qed", ".");
        File.WriteAllBytes(_folder.PathOf("damaged.qed"), [.. "QED\0"u8, .. new byte[60]]);
        Make("i-over-damaged.qed", "damaged.qed");

        Assert.Equal(
            [
                "0 a-orphan.qed Orphan 1", "1 b-over.qed Broken 0", "0 c-protocol.qed NotFollowed 0", "0 d-cycle.qed Cycle 1", "1 e-cycle.qed Cycle 2",
                "2 f-over-cycle.qed Broken 0", "0 g-self.qed Cycle 1", "0 h-folder.qed Orphan 0", "0 i-over-damaged.qed Unreadable 0",
            ],
            Lines(Run(".")));
        Assert.Equal(_folder.PathOf("damaged.qed"), Assert.Single(_problems).Path);
        Assert.Equal(["1 e-cycle.qed Cycle 2", "2 f-over-cycle.qed Broken 0"], Lines(Run("d-cycle.qed")));
        Assert.Empty(Run("g-self.qed"));
        Assert.Equal(["1 i-over-damaged.qed Unreadable 0"], Lines(Run("damaged.qed")));
    }

    // The first image that is read leads to the cycle at another place.
    [Fact]
    public void A_cycle_begins_with_its_first_image()
    {
        Make("a-over.qed", "c.qed");
        Make("b.qed", "c.qed");
        Make("c.qed", "d.qed");
        Make("d.qed", "b.qed");

        Assert.Equal(["0 b.qed Cycle 1", "1 d.qed Cycle 1", "2 c.qed Cycle 2", "3 a-over.qed Broken 0"], Lines(Run(".")));
    }

    [Fact]
    public void A_file_is_found_that_is_no_image_unless_an_image_names_it()
    {
        File.WriteAllBytes(_folder.PathOf("disk"), new byte[4096]);
        File.WriteAllText(_folder.PathOf("notes.txt"), "text");
        File.WriteAllBytes(_folder.PathOf("archive.zip"), [.. "PK\u0003\u0004"u8, .. new byte[60]]);
        File.WriteAllBytes(_folder.PathOf("unused.raw"), new byte[4096]);
        File.WriteAllBytes(_folder.PathOf("empty.qed"), []);
        Make("vm.qed", "disk", isRaw: true);

        Assert.Equal(["0 disk Base 1", "1 vm.qed Overlay 0", "0 unused.raw Standalone 0"], Lines(Run(".")));
        Assert.IsType<QedNotAnImageException>(Assert.Single(_problems));
        Assert.Equal(["1 vm.qed Overlay 0"], Lines(Run("disk")));
        Assert.Empty(Run("notes.txt"));
    }

    [Fact]
    public void Files_below_images_are_found_in_other_folders_and_with_them_what_lies_over_them()
    {
        Make("golden.qed");
        Directory.CreateDirectory(_folder.PathOf("between"));
        Make("between/middle.qed", "../golden.qed");
        Directory.CreateDirectory(_folder.PathOf("vms"));
        Make("vms/vm.qed", "../between/middle.qed");
        string[] all = ["0 golden.qed Base 1", "1 middle.qed Overlay 1", "2 vm.qed Overlay 0"];

        Assert.Equal(all, Lines(Run("vms")));
        Assert.Equal(all, Lines(Run(".", recurse: true)));
        Assert.Equal(["0 golden.qed Standalone 0"], Lines(Run(".")));
        Assert.Empty(Run("golden.qed"));
        Assert.Equal(["1 middle.qed Overlay 1", "2 vm.qed Overlay 0"], Lines(Run("golden.qed", folders: ["vms"])));
        Assert.Equal(all, Lines(Run(".", folders: ["vms"])));
        Assert.Equal(["0 vm.qed NotFollowed 0"], Lines(Run("vms", allowed: ["vms"])));
    }

    [Fact]
    public void A_named_file_is_not_followed_further_than_a_chain_may_be_long()
    {
        Directory.CreateDirectory(_folder.PathOf("vms"));
        Make("vms/vm.qed", "../0.qed");
        for (int i = 0; i < 100; i++)
        {
            Make($"{i}.qed", $"{i + 1}.qed");
        }

        IReadOnlyList<QedOverlayInfo> found = Run("vms");

        Assert.Equal(65, found.Count);
        Assert.Equal(("63.qed", QedOverlayState.NotFollowed), (found[0].Name, found[0].State));
        Assert.Equal(101, Run("vms", folders: ["."]).Count);
    }

    [Fact]
    public void Paths_that_are_no_file_and_folders_that_are_none_are_errors()
    {
        Assert.Throws<QedFileNotFoundException>(() => Run("missing.qed"));
        Make("a.qed");
        Assert.Throws<QedRequestException>(() => Run("a.qed", folders: ["missing"]));
        Assert.Throws<QedRequestException>(() => Run("a.qed", allowed: ["missing"]));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => OverlayInspection.Run(_folder.Path, new OverlayInspectionOptions(), cancellation: source.Token));
    }

    [Fact]
    public void Progress_counts_the_files()
    {
        Make("a.qed");
        File.WriteAllText(_folder.PathOf("notes.txt"), "text");
        List<OperationProgress> reports = [];

        OverlayInspection.Run(_folder.Path, new OverlayInspectionOptions(), new Listener(reports.Add), _cancellation);

        Assert.Equal([new(1, 2) { CountsFiles = true }, new(2, 2) { CountsFiles = true }], reports);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host), Timeout = Patience.Milliseconds)]
    public async System.Threading.Tasks.Task Pipes_links_and_folders_that_may_not_be_listed_hold_nothing_up()
    {
        Host.Run("mkfifo", _folder.PathOf("pipe.qed"));
        Directory.CreateDirectory(_folder.PathOf("inner"));
        Directory.CreateSymbolicLink(_folder.PathOf("inner/up"), "..");
        File.CreateSymbolicLink(_folder.PathOf("nowhere.qed"), "missing");
        File.CreateSymbolicLink(_folder.PathOf("a-link.qed"), "golden.qed");
        Make("golden.qed");
        Make("inner/vm.qed", "../pipe.qed");
        Make("inner/vm2.qed", "../a-link.qed");

        IReadOnlyList<QedOverlayInfo> found = await System.Threading.Tasks.Task.Run(() => Run(".", recurse: true), TestContext.Current.CancellationToken);

        Assert.Equal(["0 golden.qed Base 1", "1 vm2.qed Overlay 0", "0 vm.qed Orphan 0"], Lines(found));
        Assert.Empty(_problems);
        Assert.Equal(["1 vm2.qed Overlay 0"], Lines(Run("a-link.qed", folders: ["inner"])));
    }

    // The name of the file below is relative to the folder of the name that the overlay is opened by.
    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_hard_link_in_another_folder_is_an_overlay_of_its_own()
    {
        Directory.CreateDirectory(_folder.PathOf("one"));
        Directory.CreateDirectory(_folder.PathOf("two"));
        Make("one/base.qed");
        Make("two/base.qed");
        string overlay = Make("one/vm.qed", "base.qed");
        Host.Run("ln", overlay, _folder.PathOf("two/vm.qed"));
        Host.Run("ln", overlay, _folder.PathOf("two/vm3.qed"));

        Assert.Equal([_folder.PathOf("one/vm.qed")], Run("one/base.qed", folders: ["one", "two"]).Select(info => info.Path));
        Assert.Equal([_folder.PathOf("two/vm.qed")], Run("two/base.qed", folders: ["one", "two"]).Select(info => info.Path));
    }

    [Fact]
    public void A_disk_with_its_data_in_the_file_counts_and_the_data_is_not_an_image()
    {
        File.WriteAllBytes(_folder.PathOf("m-flat.vmdk"), new byte[1 << 20]);
        File.WriteAllBytes(_folder.PathOf("odd.vmdk"), new byte[1 << 20]);
        File.WriteAllBytes(_folder.PathOf("left-flat.vmdk"), new byte[1 << 20]);
        File.WriteAllText(_folder.PathOf("m.vmdk"), "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"m-flat.vmdk\" 0\nRW 2048 FLAT \"odd.vmdk\" 0\n");

        Assert.Equal(["0 m.vmdk Standalone 0"], Lines(Run(".")));
        Assert.Empty(_problems);
        Assert.Equal(["1 m.vmdk Standalone 0"], Lines(Run("odd.vmdk")));
    }

    [Fact]
    public void Differencing_vdi_files_are_found_by_identifiers()
    {
        Guid id = new("11111111-2222-3333-4444-555555555555");
        Guid other = new("22222222-2222-3333-4444-555555555555");
        WriteVdi("disk.vdi", id, Guid.Empty);
        WriteVdi("top.vdi", other, id);
        WriteVdi("lost.vdi", Guid.NewGuid(), Guid.NewGuid());
        Directory.CreateDirectory(_folder.PathOf("vms"));
        Make("vms/vm.qed", "../top.vdi");
        string[] chain = ["0 disk.vdi Base 1", "1 top.vdi Overlay 1", "2 vm.qed Overlay 0"];

        Assert.Equal(["0 disk.vdi Base 1", "1 top.vdi Overlay 0", "0 lost.vdi Orphan 0"], Lines(Run(".")));
        Assert.Equal(chain, Lines(Run("vms")));
        WriteVdi("copy.vdi", id, Guid.Empty);
        Assert.Equal(["0 copy.vdi Standalone 0", "0 disk.vdi Standalone 0", "0 lost.vdi Orphan 0", "0 top.vdi NotFollowed 0"], Lines(Run(".")));
    }

    [Theory]
    [InlineData(QedDiskFormat.Vhdx, "vhdx")]
    [InlineData(QedDiskFormat.Vhd, "vhd")]
    public void A_parent_that_was_replaced_is_a_mismatch(QedDiskFormat format, string extension)
    {
        File.WriteAllBytes(_folder.PathOf("below.raw"), new byte[1 << 20]);
        Convert("below.raw", "parent." + extension, format);
        Convert("below.raw", "child." + extension, format, "parent." + extension);
        Assert.Equal([$"1 child.{extension} Overlay 0"], Lines(Run("parent." + extension)));

        Convert("below.raw", "parent." + extension, format);

        Assert.Equal([$"1 child.{extension} Mismatch 0"], Lines(Run("parent." + extension)));
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [InlineData("qed")]
    [InlineData("qcow2")]
    [InlineData("vmdk")]
    public void Overlays_made_by_qemu_are_found(string format)
    {
        Qemu.Img("create", "-q", "-f", format, _folder.PathOf("base"), "1M");
        Qemu.Img("create", "-q", "-f", format, "-b", "base", "-F", format, _folder.PathOf("middle"));
        Qemu.Img("create", "-q", "-f", format, "-b", _folder.PathOf("middle"), "-F", format, _folder.PathOf("top"));

        Assert.Equal(["1 middle Overlay 1", "2 top Overlay 0"], Lines(Run("base")));
        Assert.Empty(_problems);
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void A_file_with_the_data_of_a_qcow2_image_made_by_qemu_counts()
    {
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", $"data_file={_folder.PathOf("data.raw")}", _folder.PathOf("image.qcow2"), "1M");

        Assert.Equal(["1 image.qcow2 Standalone 0"], Lines(Run("data.raw")));
        Assert.Equal(["0 image.qcow2 Standalone 0"], Lines(Run(".")));
    }

    [Fact]
    public void A_file_is_read_once_and_only_at_its_start_and_end()
    {
        for (int i = 0; i < 20; i++)
        {
            Make($"vm{i}.qed", "vm0.qed");
            WriteVdi($"disk{i}.vdi", Guid.NewGuid(), i == 0 ? Guid.Empty : Guid.NewGuid());
        }

        Dictionary<string, int> opened = [];
        List<MeteredStorage> files = [];
        HostFiles.Interceptor.Value = storage =>
        {
            opened[storage.Path] = opened.GetValueOrDefault(storage.Path) + 1;
            MeteredStorage metered = new(storage);
            files.Add(metered);
            return metered;
        };
        Run(".");
        HostFiles.Interceptor.Value = null;

        Assert.Equal(40, opened.Count);
        Assert.All(opened, one => Assert.Equal(1, one.Value));
        Assert.All(files, file => Assert.InRange(file.BytesRead, 64, 32 << 10));
    }

    // The model: a name leads to the file at that path, and whatever a chain of names reaches is below.
    [Fact]
    public void The_forest_is_that_of_a_model() => Seeded.Run(20260, 60, random =>
    {
        using TempFolder root = new();
        ForestModel model = new(root.Path, random);

        Assert.Equal(model.All(), [.. OverlayInspection.Run(root.Path, new OverlayInspectionOptions { Recurse = true, OnUnreadable = error => throw error }, cancellation: _cancellation).Select(Line)]);
        foreach (string path in model.Paths)
        {
            Assert.Equal(model.Over(path), [.. OverlayInspection.Run(path, new OverlayInspectionOptions { Recurse = true, Folders = [root.Path] }, cancellation: _cancellation).Select(Line)]);
        }

        static string Line(QedOverlayInfo info) => $"{info.Depth} {info.Path} {info.State} {info.OverlayCount}";
    });

    private string Make(string name, string? backing = null, bool isRaw = false) => ImageFiles.Make(_folder.PathOf(name), backing, isRaw);

    private void Convert(string source, string name, QedDiskFormat format, string? backing = null) => DiskConversion.Run(
        _folder.PathOf(source), _folder.PathOf(name), new DiskConversionOptions { Format = format, BackingFile = backing, Replace = true }, cancellation: _cancellation);

    // An empty disk of one block of 1 MiB; 64 bytes of text come first (VDI 1.1).
    private void WriteVdi(string name, Guid id, Guid parent)
    {
        byte[] file = new byte[1024];
        Put(64, 0xBEDA107F);
        Put(68, 0x00010001);
        Put(72, 400);
        Put(76, parent == Guid.Empty ? 1u : 4u);
        Put(340, 512);
        Put(344, 1024);
        Put(360, 512);
        Put(368, 1 << 20);
        Put(376, 1 << 20);
        Put(384, 1);
        id.TryWriteBytes(file.AsSpan(392));
        parent.TryWriteBytes(file.AsSpan(424));
        Put(512, uint.MaxValue);
        File.WriteAllBytes(_folder.PathOf(name), file);

        void Put(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
    }

    private IReadOnlyList<QedOverlayInfo> Run(string name, bool recurse = false, string[]? folders = null, string[]? allowed = null)
    {
        _problems.Clear();
        OverlayInspectionOptions options = new()
        {
            Recurse = recurse,
            Folders = [.. (folders ?? []).Select(At)],
            BackingFolders = [.. (allowed ?? []).Select(At)],
            OnUnreadable = _problems.Add,
        };
        return OverlayInspection.Run(At(name), options, cancellation: _cancellation);
    }

    private string At(string name) => name == "." ? _folder.Path : _folder.PathOf(name);

    private static string[] Lines(IEnumerable<QedOverlayInfo> found) => [.. found.Select(info => $"{info.Depth} {info.Name} {info.State} {info.OverlayCount}")];

    private sealed class Listener(Action<OperationProgress> report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report(value);
    }

    // The same facts without what only overlays have.
    private sealed record QedImageInfoCopy
    {
        public QedImageInfoCopy(QedOverlayInfo info) => Image = new QedImageInfo
        {
            Path = info.Path,
            Format = info.Format,
            VirtualSize = info.VirtualSize,
            FileSize = info.FileSize,
            DiskUsage = info.DiskUsage,
            ClusterSize = info.ClusterSize,
            TableSize = info.TableSize,
            HeaderSize = info.HeaderSize,
            Features = info.Features,
            CompatFeatures = info.CompatFeatures,
            AutoclearFeatures = info.AutoclearFeatures,
            L1TableOffset = info.L1TableOffset,
            MaxVirtualSize = info.MaxVirtualSize,
            BackingFile = info.BackingFile,
            BackingFormat = info.BackingFormat,
            BackingFilePath = info.BackingFilePath,
            NeedsCheck = info.NeedsCheck,
            InUse = info.InUse,
            Depth = info.Depth,
        };

        public QedImageInfo Image { get; }
    }
}
