using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vdi;

/// <summary>
/// Differencing VDI files, which know their parent only by its identifier; checked against a model, because qemu-img refuses them.
/// </summary>
public sealed class VdiParentTests : IDisposable
{
    private const int Block = 1 << 20;
    private const uint Free = uint.MaxValue;
    private const uint Zero = uint.MaxValue - 1;
    private const uint Stored = 0;

    private static readonly Guid BaseId = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid MiddleId = new("22222222-2222-3333-4444-555555555555");
    private static readonly Guid TopId = new("33333333-2222-3333-4444-555555555555");

    private readonly TempFolder _folder = new();

    [Fact]
    public void Blocks_come_from_the_file_that_stores_them_or_are_zeroes()
    {
        uint[] below = [Stored, Stored, Free, Zero, Stored, Stored, Free];
        uint[] between = [Free, Stored, Stored, Free, Zero, Free, Free];
        uint[] above = [Stored, Free, Free, Free, Free, Zero, Free];
        int size = (6 * Block) + 1536;
        Write("disk.vdi", Vdi(1, BaseId, Guid.Empty, below, size, fill: 1));
        Write("{snapshot one}.VDI", Vdi(4, MiddleId, BaseId, between, size, fill: 2));
        Write("top.vdi", Vdi(4, TopId, MiddleId, above, size, fill: 3));
        int?[] layerOf = [0, 1, 1, null, null, null, null];
        byte[] expected = new byte[size];
        for (int i = 0; i < layerOf.Length; i++)
        {
            if (layerOf[i] is { } depth)
            {
                expected.AsSpan(i * Block, Math.Min(Block, size - (i * Block))).Fill((byte)(3 - depth));
            }
        }

        using BackingChain chain = Open("top.vdi");
        IDisk disk = chain.ToDisk();
        byte[] read = new byte[size];
        disk.Read(0, read);

        Assert.True(expected.AsSpan().SequenceEqual(read));
        Assert.Equal(3, chain.Layers.Count);
        string[] extents = [.. ExtentWalk.Over(disk, 0, size, TestContext.Current.CancellationToken).Select(extent => $"{extent.Start / Block} {extent.State} {extent.Depth}")];
        Assert.Equal(["0 Data 0", "1 Data 1", "3 Zero 2", "4 Zero 1", "5 Zero 0", "6 Unallocated 0"], extents);
    }

    [Fact]
    public void A_differencing_file_can_be_converted_and_can_be_a_backing_file()
    {
        Write("disk.vdi", Vdi(1, BaseId, Guid.Empty, [Stored, Stored], 2 * Block, fill: 1));
        Write("top.vdi", Vdi(4, TopId, BaseId, [Free, Stored], 2 * Block, fill: 2));
        byte[] expected = [.. Enumerable.Repeat((byte)1, Block), .. Enumerable.Repeat((byte)2, Block)];

        DiskConversion.Run(At("top.vdi"), At("a.raw"), new DiskConversionOptions { Verify = true }, cancellation: TestContext.Current.CancellationToken);
        ImageCreation.Run(At("over.qed"), new ImageCreationOptions { BackingFile = "top.vdi", BackingFormat = QedBackingFormat.Probe }, TestContext.Current.CancellationToken);
        DiskConversion.Run(At("over.qed"), At("b.raw"), new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(expected, File.ReadAllBytes(At("a.raw")));
        Assert.Equal(expected, File.ReadAllBytes(At("b.raw")));
        QedImageInfo[] infos = [.. ImageInspection.RunOverChain(At("over.qed"), new ImageInspectionOptions())];
        Assert.Equal(["QED", "VDI", "VDI"], infos.Select(info => info.Format));
        Assert.Equal((BaseId.ToString("B"), At("disk.vdi")), (infos[1].BackingFile, infos[1].BackingFilePath));
    }

    [Fact]
    public void A_missing_parent_is_reported_with_its_identifier_and_the_folder()
    {
        Write("top.vdi", Vdi(4, TopId, BaseId, [Free], Block, fill: 2));
        Write("other.vdi", Vdi(1, MiddleId, Guid.Empty, [Free], Block, fill: 2));
        Write("copy.vdi.bak", Vdi(1, BaseId, Guid.Empty, [Free], Block, fill: 2));
        File.WriteAllText(At("text.vdi"), "not a disk at all");
        Directory.CreateDirectory(At("sub"));
        Write(Path.Combine("sub", "base.vdi"), Vdi(1, BaseId, Guid.Empty, [Free], Block, fill: 2));

        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => Open("top.vdi"));

        Assert.Contains("{11111111-2222-3333-4444-555555555555}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{_folder.Path}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(_folder.Path, error.ResolvedPath);
    }

    [Fact]
    public void Two_files_with_the_same_identifier_are_refused()
    {
        Write("top.vdi", Vdi(4, TopId, BaseId, [Free], Block, fill: 2));
        Write("a.vdi", Vdi(1, BaseId, Guid.Empty, [Stored], Block, fill: 1));
        Write("b.vdi", Vdi(1, BaseId, Guid.Empty, [Stored], Block, fill: 3));

        string message = Assert.Throws<QedBackingFileRefusedException>(() => Open("top.vdi")).Message;

        Assert.Contains("'a.vdi'", message, StringComparison.Ordinal);
        Assert.Contains("'b.vdi'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cycle_of_identifiers_is_an_error()
    {
        Write("self.vdi", Vdi(4, TopId, TopId, [Free], Block, fill: 2));
        Assert.Throws<QedBackingChainException>(() => Open("self.vdi"));

        Write("a.vdi", Vdi(4, BaseId, MiddleId, [Free], Block, fill: 2));
        Write("b.vdi", Vdi(4, MiddleId, BaseId, [Free], Block, fill: 2));
        QedBackingChainException error = Assert.Throws<QedBackingChainException>(() => Open("a.vdi"));
        Assert.Equal((QedRemedy.NameBackingFile, QedDiskFormat.Vdi), (error.Remedy, error.NamedBy));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_parent_of_a_disk_that_cannot_have_one_is_damage(uint type)
    {
        Write("a.vdi", Vdi(type, TopId, BaseId, [Free], Block, fill: 2));
        Assert.Equal("uuidLinkage", Assert.Throws<QedDamagedFileException>(() => Open("a.vdi")).Field);
    }

    [Fact]
    public void A_differencing_file_without_a_parent_is_damage()
    {
        Write("a.vdi", Vdi(4, TopId, Guid.Empty, [Free], Block, fill: 2));
        Assert.Equal("uuidLinkage", Assert.Throws<QedDamagedFileException>(() => Open("a.vdi")).Field);
    }

    [Fact]
    public void An_undo_file_is_refused_by_its_type()
    {
        Write("a.vdi", Vdi(3, TopId, BaseId, [Free], Block, fill: 2));
        Assert.Contains("image type 3", Assert.Throws<QedUnsupportedFormatException>(() => Open("a.vdi")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Past_the_end_of_a_shorter_parent_there_are_zeroes()
    {
        Write("disk.vdi", Vdi(1, BaseId, Guid.Empty, [Stored], Block, fill: 1));
        Write("top.vdi", Vdi(4, TopId, BaseId, [Free, Free, Stored], 3 * Block, fill: 2));

        using BackingChain chain = Open("top.vdi");
        byte[] read = new byte[3 * Block];
        chain.ToDisk().Read(0, read);

        Assert.Equal(new byte[] { 1, 0, 2 }, new[] { read[Block - 1], read[Block], read[2 * Block] });
    }

    [Fact]
    public void A_parent_whose_file_is_replaced_is_noticed()
    {
        Write("disk.vdi", Vdi(1, BaseId, Guid.Empty, [Stored], Block, fill: 1));
        Write("top.vdi", Vdi(4, TopId, BaseId, [Free], Block, fill: 2));
        using BackingChain chain = Open("top.vdi");

        using (FileStream file = new(At("disk.vdi"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(5000);
        }

        Assert.Throws<QedFileChangedException>(() => chain.ToDisk().Read(4096, new byte[5000]));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A minimal VDI file: the header as VirtualBox writes it, the block map, and the stored blocks.</summary>
    internal static byte[] Vdi(uint type, Guid id, Guid parent, uint[] map, long size, byte fill)
    {
        const int DataAt = 4096;
        int count = map.Count(entry => entry == Stored);
        byte[] file = new byte[DataAt + (count * Block)];
        "<<< Oracle VM VirtualBox Disk Image >>>\n"u8.CopyTo(file);
        (int At, uint Value)[] fields =
        [
            (0x40, 0xBEDA107F), (0x44, 0x00010001), (0x48, 400), (0x4C, type), (0x154, 512), (0x158, DataAt), (0x168, 512),
            (0x178, Block), (0x180, (uint)map.Length), (0x184, (uint)count),
        ];
        foreach ((int at, uint value) in fields)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        }

        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(0x170), size);
        id.ToByteArray().CopyTo(file, 0x188);
        parent.ToByteArray().CopyTo(file, 0x1A8);
        uint next = 0;
        for (int i = 0; i < map.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(512 + (4 * i)), map[i] == Stored ? next++ : map[i]);
        }

        file.AsSpan(DataAt).Fill(fill);
        return file;
    }

    private string At(string name) => _folder.PathOf(name);

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(At(name), bytes);

    private BackingChain Open(string name) =>
        BackingChain.OpenAll(At(name), DiskFormats.OfExtension(name), new ChainPolicy(StorageAccess.Read, AllowUnc: false));
}
