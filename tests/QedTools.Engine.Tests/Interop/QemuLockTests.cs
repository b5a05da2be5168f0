using System;
using QedTools.Storage;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>A running virtual machine and QedTools lock each other out.</summary>
public sealed class QemuLockTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _image;

    public QemuLockTests() => _image = ImageFiles.Make(_folder.PathOf("image.qed"));

    public void Dispose() => _folder.Dispose();

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void An_image_that_QEMU_writes_to_is_in_use_until_QEMU_is_done()
    {
        using FileStorage inspector = FileStorage.Open(_image, StorageAccess.Inspect);
        Assert.False(inspector.IsInUse);
        using (new QemuSession(_image, "qed"))
        {
            Assert.True(inspector.IsInUse);
            Assert.True(ImageInspection.Run(_image, new ImageInspectionOptions()).InUse);
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(_image, StorageAccess.Write));
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(_image, StorageAccess.Read));
            Assert.Throws<QedImageInUseException>(() => NewFile.Create(_image, replace: true));
        }

        Assert.False(inspector.IsInUse);
        FileStorage.Open(_image, StorageAccess.Write).Dispose();
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void An_image_that_QEMU_reads_can_be_read_and_not_written()
    {
        using QemuSession qemu = new(_image, "qed", readOnly: true);

        FileStorage.Open(_image, StorageAccess.Read).Dispose();
        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(_image, StorageAccess.Write));
        Assert.True(ImageInspection.Run(_image, new ImageInspectionOptions()).InUse);
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void QEMU_is_locked_out_of_an_image_that_is_open_for_writing()
    {
        using (FileStorage.Open(_image, StorageAccess.Write))
        {
            Assert.Contains("lock", FailingWrite(), StringComparison.Ordinal);
            (int code, _, string errors) = Qemu.Run("qemu-img", "info", _image);
            Assert.NotEqual(0, code);
            Assert.Contains("lock", errors, StringComparison.Ordinal);
            Qemu.Img("info", "-U", _image);
        }

        Qemu.Io(_image, "qed", "write 0 4k");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void QEMU_can_read_alongside_our_readers_and_cannot_write()
    {
        using (FileStorage.Open(_image, StorageAccess.Read))
        {
            Qemu.Img("info", _image);
            Qemu.Img("check", _image);
            Qemu.Run("qemu-io", "-r", "-f", "qed", "-c", "read 0 4k", _image);
            Assert.Contains("lock", FailingWrite(), StringComparison.Ordinal);
        }

        Qemu.Io(_image, "qed", "write 0 4k");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void Inspecting_does_not_lock_QEMU_out()
    {
        using FileStorage inspector = FileStorage.Open(_image, StorageAccess.Inspect);

        Qemu.Io(_image, "qed", "write 0 4k");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void QEMU_is_locked_out_of_a_file_that_is_being_replaced()
    {
        using NewFile file = NewFile.Create(_image, replace: true);

        Assert.Contains("lock", FailingWrite(), StringComparison.Ordinal);
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void The_backing_file_of_a_running_machine_can_be_read_and_not_written()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "image.qed");
        using QemuSession qemu = new(overlay, "qed");

        FileStorage.Open(_image, StorageAccess.Read).Dispose();
        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(_image, StorageAccess.Write));
        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(overlay, StorageAccess.Read));
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void A_raw_disk_that_QEMU_writes_to_is_in_use_as_well()
    {
        string raw = _folder.PathOf("disk.raw");
        using (FileStorage storage = FileStorage.CreateNew(raw))
        {
            storage.SetLength(1 << 20);
        }

        using QemuSession qemu = new(raw, "raw");

        Assert.Throws<QedImageInUseException>(() => FileStorage.Open(raw, StorageAccess.Read));
    }

    private string FailingWrite()
    {
        (int code, string output, string errors) = Qemu.Run("qemu-io", "-f", "qed", "-c", "write 0 4k", _image);
        Assert.NotEqual(0, code);
        return output + errors;
    }
}
