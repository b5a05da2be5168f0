using System;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Operations;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

/// <summary>Where the files below an image may be, and where the user says that they are.</summary>
public sealed class SourceFileTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public SourceFileTests()
    {
        Directory.CreateDirectory(_folder.PathOf("images"));
        Directory.CreateDirectory(_folder.PathOf("images2"));
        File.WriteAllBytes(_folder.PathOf("images/base.raw"), Contents(1));
        File.WriteAllBytes(_folder.PathOf("images2/base.raw"), Contents(2));
        File.WriteAllBytes(_folder.PathOf("secret.raw"), Contents(3));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("base.raw")]
    [InlineData("../images/base.raw")]
    public void A_backing_file_in_an_allowed_folder_is_read(string name)
    {
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), name, isRaw: true);
        Assert.Equal(Contents(1), Convert(overlay, new DiskConversionOptions { BackingFolders = [_folder.PathOf("images")] }));

        // A folder contains what is in the folders inside it.
        Assert.Equal(Contents(1), Convert(overlay, new DiskConversionOptions { BackingFolders = [_folder.Path], Replace = true }));
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData("../secret.raw")]
    [InlineData("../images2/base.raw")]
    [InlineData("link.raw")]
    [InlineData("linked/base.raw")]
    public void One_outside_is_refused_by_every_operation_that_would_read_it(string name)
    {
        File.CreateSymbolicLink(_folder.PathOf("images/link.raw"), _folder.PathOf("secret.raw"));
        Directory.CreateSymbolicLink(_folder.PathOf("images/linked"), _folder.PathOf("images2"));
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), name, isRaw: true);
        string[] folders = [_folder.PathOf("images")];
        Action[] readers =
        [
            () => DiskConversion.Run(overlay, _folder.PathOf("result.raw"), new DiskConversionOptions { BackingFolders = folders }, cancellation: _cancellation),
            () => DiskConversion.Plan(overlay, _folder.PathOf("result.raw"), new DiskConversionOptions { BackingFolders = folders }, _cancellation),
            () => DiskComparison.Run(overlay, overlay, new DiskComparisonOptions { BackingFolders = folders }, cancellation: _cancellation),
            () => DiskOpening.Run(overlay, new DiskOpeningOptions { BackingFolders = folders }, cancellation: _cancellation),
            () => _ = ImageMapping.Run(overlay, new ImageMappingOptions { BackingFolders = folders, BackingChain = true }, _cancellation).ToList(),
            () => _ = ImageInspection.RunOverChain(overlay, new ImageInspectionOptions { BackingFolders = folders }).ToList(),
        ];
        foreach (Action reader in readers)
        {
            QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(reader);
            Assert.Equal(QedRemedy.AllowFolder, error.Remedy);
            Assert.Equal(name, error.BackingFile);
        }

        Assert.False(File.Exists(_folder.PathOf("result.raw")));

        // Without a limit it is read, as it was before.
        DiskConversion.Run(overlay, _folder.PathOf("result.raw"), new DiskConversionOptions(), cancellation: _cancellation);
    }

    [Fact]
    public void The_extents_of_a_vmdk_disk_are_held_to_the_same_folders()
    {
        string descriptor = _folder.PathOf("images/disk.vmdk");
        File.WriteAllText(descriptor, "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n" +
            $"RW 2048 FLAT \"{_folder.PathOf("secret.raw").Replace('\\', '/')}\" 0\n");
        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(
            () => Convert(descriptor, new DiskConversionOptions { BackingFolders = [_folder.PathOf("images")] }));
        Assert.Equal(QedRemedy.AllowFolder, error.Remedy);
        Assert.Equal(Contents(3), Convert(descriptor, new DiskConversionOptions { BackingFolders = [_folder.Path] }));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_an_error_and_not_an_empty_list()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), "base.raw", isRaw: true);
        Assert.Throws<QedRequestException>(() => Convert(overlay, new DiskConversionOptions { BackingFolders = [_folder.PathOf("nowhere")] }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_backing_file_that_the_user_names_takes_the_place_of_the_recorded_one_for_this_run(bool isMissing)
    {
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), isMissing ? "/nowhere/gone.raw" : "base.raw", isRaw: true);
        (string, DateTime) before = ImageFiles.Mark(overlay);
        string chosen = _folder.PathOf("secret.raw");
        Assert.Equal(Contents(3), Convert(overlay, new DiskConversionOptions { SourceBackingFile = chosen, BackingFolders = [_folder.PathOf("images")] }));
        Assert.Equal(Path.GetFullPath(chosen), ImageInspection.RunOverChain(overlay, new ImageInspectionOptions { SourceBackingFile = chosen }).Last().Path);
        Assert.Contains(
            ImageMapping.Run(overlay, new ImageMappingOptions { SourceBackingFile = chosen }, _cancellation), extent => extent.Path == Path.GetFullPath(chosen));
        Assert.True(DiskComparison.Run(
            overlay, chosen, new DiskComparisonOptions { SourceBackingFile = chosen }, cancellation: _cancellation).AreEqual);
        Assert.True(DiskComparison.Run(
            chosen, overlay, new DiskComparisonOptions { ReferenceBackingFile = chosen }, cancellation: _cancellation).AreEqual);
        Assert.Equal(before, ImageFiles.State(overlay));
    }

    [Fact]
    public void It_takes_the_place_of_a_parent_that_a_vdi_file_knows_by_its_identifier_only_if_it_is_that_parent()
    {
        string parent = _folder.PathOf("images/parent.vdi");
        DiskConversion.Run(_folder.PathOf("images/base.raw"), parent, new DiskConversionOptions(), cancellation: _cancellation);
        byte[] child = File.ReadAllBytes(parent);
        child[0x4C] = 4;                                                      // differencing
        child.AsSpan(0x188, 16).CopyTo(child.AsSpan(0x1A8));                  // uuidLinkage: the parent's uuidCreate
        Guid.NewGuid().ToByteArray().CopyTo(child.AsSpan(0x188));
        Array.Fill(child, byte.MaxValue, BitConverter.ToInt32(child, 0x154), 4); // its only block is the parent's
        File.WriteAllBytes(_folder.PathOf("images2/child.vdi"), child);
        DiskConversionOptions options = new() { SourceBackingFile = parent };
        Assert.Equal(Contents(1), Convert(_folder.PathOf("images2/child.vdi"), options));

        string other = _folder.PathOf("images2/other.vdi");
        DiskConversion.Run(_folder.PathOf("images2/base.raw"), other, new DiskConversionOptions(), cancellation: _cancellation);
        Assert.Throws<QedBackingFileRefusedException>(
            () => Convert(_folder.PathOf("images2/child.vdi"), options with { SourceBackingFile = other, Replace = true }));
    }

    [Fact]
    public void It_is_refused_for_an_image_without_backing_file_and_where_it_does_not_exist_or_is_above()
    {
        string alone = ImageFiles.Make(_folder.PathOf("alone.qed"));
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "gone.raw", isRaw: false);
        Assert.Throws<QedRequestException>(() => Convert(alone, new DiskConversionOptions { SourceBackingFile = overlay }));
        Assert.Throws<QedFileNotFoundException>(() => Convert(overlay, new DiskConversionOptions { SourceBackingFile = _folder.PathOf("nothing.raw") }));
        Assert.Throws<QedBackingChainException>(() => Convert(overlay, new DiskConversionOptions { SourceBackingFile = overlay }));
    }

    [Fact]
    public void A_link_whose_real_path_cannot_be_told_is_outside()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has such links");
        using FileStream held = new(_folder.PathOf("secret.raw"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(_folder.PathOf("secret.raw"));
        File.CreateSymbolicLink(_folder.PathOf("images/link.raw"), $"/proc/{Environment.ProcessId}/fd/{held.SafeFileHandle.DangerousGetHandle()}");
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), "link.raw", isRaw: true);
        Assert.Throws<QedBackingFileRefusedException>(() => Convert(overlay, new DiskConversionOptions { BackingFolders = [_folder.PathOf("images")] }));
    }

    [Fact]
    public void Nothing_outside_is_opened_for_the_backing_file_of_a_result_either()
    {
        string below = ImageFiles.Make(_folder.PathOf("images/below.qed"), "../secret.raw", isRaw: true);
        System.Collections.Generic.List<string> opened = [];
        HostFiles.Interceptor.Value = storage =>
        {
            opened.Add(storage.Path);
            return storage;
        };
        Assert.Throws<QedBackingFileRefusedException>(() => DiskConversion.Run(
            _folder.PathOf("images/base.raw"),
            _folder.PathOf("result.qed"),
            new DiskConversionOptions { BackingFile = below, BackingFolders = [_folder.PathOf("images")] },
            cancellation: _cancellation));
        HostFiles.Interceptor.Value = null;
        Assert.Contains(opened, path => path.EndsWith("below.qed", StringComparison.Ordinal));
        Assert.DoesNotContain(opened, path => path.EndsWith("secret.raw", StringComparison.Ordinal));
    }

    [Fact]
    public void A_chosen_file_that_is_no_raw_disk_though_the_image_records_one_gives_a_warning()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("images/overlay.qed"), "base.raw", isRaw: true);
        string vhdx = _folder.PathOf("base.vhdx");
        DiskConversion.Run(_folder.PathOf("images/base.raw"), vhdx, new DiskConversionOptions(), cancellation: _cancellation);
        System.Collections.Generic.List<string> warnings = [];
        Convert(overlay, new DiskConversionOptions { SourceBackingFile = vhdx, Trace = new OperationTrace { Warning = warnings.Add } });
        Assert.Contains(warnings, warning => warning.Contains("begins like a VHDX file", StringComparison.Ordinal));
    }

    private byte[] Convert(string source, DiskConversionOptions options)
    {
        string result = _folder.PathOf("result.raw");
        DiskConversion.Run(source, result, options with { Replace = true }, cancellation: _cancellation);
        return File.ReadAllBytes(result);
    }

    private static byte[] Contents(int seed) => DiskBytes.Random(seed, Size);
}
