using System;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vmdk;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

public sealed class VmdkLayerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_flat_disk_reads_the_raw_file_that_its_descriptor_names()
    {
        byte[] content = RawFiles.Scattered(_folder.PathOf("disk-flat.vmdk"), 1 << 20, seed: 1, pieces: 9);
        File.WriteAllText(_folder.PathOf("disk.vmdk"), """
            # Disk DescriptorFile
            version=1
            CID=0000000a
            parentCID=ffffffff
            createType="monolithicFlat"

            RW 2048 FLAT "disk-flat.vmdk" 0
            """);
        Assert.Equal(content, ReadAll(_folder.PathOf("disk.vmdk")));
    }

    [Fact]
    public void The_descriptor_of_a_new_file_uses_its_final_name()
    {
        RawFiles.Scattered(_folder.PathOf("a.raw"), 1 << 20, seed: 1, pieces: 2);
        DiskConversion.Run(_folder.PathOf("a.raw"), _folder.PathOf("gr\u00fcn.vmdk"), new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken);
        byte[] bytes = File.ReadAllBytes(_folder.PathOf("gr\u00fcn.vmdk"));
        string descriptor = Encoding.UTF8.GetString(bytes, 512, 20 * 512);
        Assert.Contains("RW 2048 SPARSE \"gr\u00fcn.vmdk\"", descriptor, StringComparison.Ordinal);
        Assert.Throws<QedLimitException>(() => new VmdkFormat().Resolve("a\"b.vmdk", new DiskRequest(512)));
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void An_overlay_made_by_qemu_img_is_read_over_its_parent()
    {
        byte[] content = RawFiles.Scattered(_folder.PathOf("a.raw"), 1 << 20, seed: 3, pieces: 9);
        Qemu.Img("convert", "-f", "raw", "-O", "vmdk", _folder.PathOf("a.raw"), _folder.PathOf("base.vmdk"));
        Qemu.Img("create", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk", _folder.PathOf("over.vmdk"));
        Qemu.Io(_folder.PathOf("over.vmdk"), "vmdk", "write -P 7 65536 4096");
        content.AsSpan(65536, 4096).Fill(7);
        Assert.Equal(content, ReadAll(_folder.PathOf("over.vmdk")));
        Qemu.Io(_folder.PathOf("base.vmdk"), "vmdk", "write -P 8 0 512");
        Assert.Throws<QedBackingFileRefusedException>(() => ReadAll(_folder.PathOf("over.vmdk")));
    }

    [Fact]
    public void Both_grain_directories_of_a_new_file_lead_to_the_same_grains()
    {
        MemoryStorage storage = new();
        VmdkFormat format = new();
        IDiskLayer layer = format.Resolve("a.vmdk", new DiskRequest(100 << 20)).Create(storage);
        layer.ToDisk(backing: null).Write(50 << 20, [1, 2, 3]);
        layer.EndWriting();
        byte[] header = new byte[512];
        storage.Read(0, header);
        long[] directories = [BitConverter.ToInt64(header, 48), BitConverter.ToInt64(header, 56)];
        uint[][] entries = [.. directories.Select(directory => EntriesUnder(storage, directory * 512, tables: 4))];
        Assert.Equal(entries[0], entries[1]);
        Assert.Single(entries[0], entry => entry != 0);
    }

    public void Dispose() => _folder.Dispose();

    private static uint[] EntriesUnder(MemoryStorage storage, long directory, int tables)
    {
        byte[] sectors = new byte[tables * 4];
        storage.Read(directory, sectors);
        return [.. Enumerable.Range(0, tables).SelectMany(table =>
        {
            byte[] bytes = new byte[2048];
            storage.Read(BitConverter.ToUInt32(sectors, table * 4) * 512L, bytes);
            return Enumerable.Range(0, 512).Select(i => BitConverter.ToUInt32(bytes, i * 4));
        })];
    }

    private static byte[] ReadAll(string path)
    {
        using BackingChain chain = BackingChain.OpenAll(path, format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
        return DiskBytes.Of(chain.ToDisk());
    }
}
