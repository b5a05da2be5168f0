using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>New differencing VHDX and VHD files, judged by a reader written from the specifications.</summary>
public sealed class DifferencingFileTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    /// <summary>Both formats, each with seeds.</summary>
    public static TheoryData<QedDiskFormat, int> AnyFiles =>
        [.. Seeds.Take(25).SelectMany(row => new (QedDiskFormat, int)[] { (QedDiskFormat.Vhdx, row.Data), (QedDiskFormat.Vhd, row.Data) })];

    /// <summary>Both formats.</summary>
    public static TheoryData<QedDiskFormat> Formats => [QedDiskFormat.Vhdx, QedDiskFormat.Vhd];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(AnyFiles))]
    public void Anything_written_is_read_back_as_the_specification_says(QedDiskFormat kind, int seed)
    {
        Random random = new(seed);
        bool isVhdx = kind == QedDiskFormat.Vhdx;
        DiskRequest request = new(random.Next(1, 10 * MiB))
        {
            BlockSize = isVhdx ? MiB << random.Next(3) : random.Pick(512 << 10, 2 << 20),
            SectorSize = isVhdx ? random.Pick(512, 4096) : null,
        };
        IDiskFormat format = DiskFormats.Of(kind);
        MemoryStorage parentFile = new("parent");
        IDiskLayer parent = format.Resolve("parent", request).Create(parentFile);
        byte[] below = new byte[parent.VirtualSize];
        WriteAnything(random, parent.ToDisk(backing: null), below);
        parent.EndWriting();
        IDisk parentDisk = format.Open(new ReadOnlyStorage(parentFile)).ToDisk(backing: null);

        MemoryStorage file = new(_folder.PathOf("child"));
        IDiskLayer child = format.Resolve(file.Path, request with
        {
            BlockSize = isVhdx ? MiB << random.Next(3) : random.Pick(512 << 10, 2 << 20),
            Backing = new BackingReference("parent", IsRaw: false),
            BackingFacts = new BackingFacts(_folder.PathOf("parent"), format.Name, below.Length, parent.SectorSize, Modified: null, parent.Facts),
        }).Create(file);
        byte[] expected = [.. below];
        IDisk disk = child.ToDisk(parentDisk);
        Assert.Equal(expected, DiskBytes.Of(disk));
        WriteAnything(random, disk, expected);
        Assert.Equal(expected, DiskBytes.Of(disk));
        child.EndWriting();

        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        Assert.Equal(expected, Read(kind, bytes, below).Disk);
        using IDiskLayer layer = format.Open(new ReadOnlyStorage(file));
        Assert.Equal(parent.ContentId, layer.Backing?.ContentId);
        Assert.Equal(expected, DiskBytes.Of(layer.ToDisk(parentDisk)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_result_over_a_parent_holds_the_sectors_that_differ_and_no_others(QedDiskFormat kind)
    {
        // The blocks of the result have 2 MiB: the first and the last differ in some sectors, the second in all, the third is zeroes.
        byte[] below = DiskBytes.Random(1, (9 * MiB) - 512);
        byte[] above = [.. below];
        HashSet<long> differing = [0, 3, 4, 5, 1024, (below.Length / 512) - 1];
        differing.UnionWith(Enumerable.Range(2 * MiB / 512, 4 * MiB / 512).Select(sector => (long)sector));
        foreach (long sector in differing)
        {
            above[sector * 512] ^= 1;
        }

        above.AsSpan(4 * MiB, 2 * MiB).Clear();
        string child = Convert(kind, below, above, new DiskConversionOptions { BackingFile = NameOf("parent", kind), Verify = true });

        ReferenceDifferencing read = Read(kind, File.ReadAllBytes(child), below);
        Assert.Equal(above, read.Disk);
        if (kind == QedDiskFormat.Vhdx)
        {
            Assert.Equal([7, 6, 2, 0, 7], read.States);
            differing.ExceptWith(Enumerable.Range(4 * MiB / 512, 2 * MiB / 512).Select(sector => (long)sector));
        }
        else
        {
            Assert.Equal([1, 1, 1, 0, 1], read.States);
        }

        Assert.Equal(differing.Order(), read.Sectors);
        Assert.Equal(above, DiskBytes.OfFile(child));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_result_names_its_parent_as_Windows_does_and_says_which_file_it_is(QedDiskFormat kind)
    {
        byte[] below = DiskBytes.Random(1, MiB);
        string parent = Parent(kind, below);
        DateTime written = new(2024, 2, 29, 12, 0, 1, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(parent, written);
        Directory.CreateDirectory(At("sub"));
        File.WriteAllBytes(At("above.raw"), below);
        QedImageInfo info = Run(At("above.raw"), At(NameOf("sub/child", kind)), new DiskConversionOptions { BackingFile = NameOf("../parent", kind) });

        Assert.Equal((NameOf(Path.Combine("..", "parent"), kind), parent), (info.BackingFile, info.BackingFilePath));
        ReferenceDifferencing read = Read(kind, File.ReadAllBytes(info.Path), below);
        using IDiskLayer layer = DiskFormats.Of(kind).Open(QedTools.Storage.HostFiles.Open(parent, QedTools.Storage.StorageAccess.Read));
        string name = NameOf(@"..\parent", kind);
        if (kind == QedDiskFormat.Vhdx)
        {
            Assert.Equal(layer.ContentId?.ToString("B").ToLowerInvariant(), read.Locator["parent_linkage"]);
            Assert.Equal(name, read.Locator["relative_path"]);
            Assert.Equal(OperatingSystem.IsWindows() ? @"\\?\" + parent : null, read.Locator.GetValueOrDefault("absolute_win32_path"));
            Assert.Equal(IdOfDisk(File.ReadAllBytes(parent)), read.DiskId);
            Assert.Equal(4096u, read.PhysicalSectorSize);
        }
        else
        {
            Assert.Equal(layer.ContentId, read.ParentId);
            Assert.Equal(name, read.Locator["W2ru"]);
            Assert.Equal(OperatingSystem.IsWindows() ? parent : null, read.Locator.GetValueOrDefault("W2ku"));
            Assert.Equal(NameOf("parent", kind), read.ParentName);
            Assert.Equal(written, new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(read.ParentTime));
        }
    }

    [Theory]
    [InlineData("parent", @".\parent")]
    [InlineData("./parent", @".\parent")]
    [InlineData("base//parent", @".\base\parent")]
    [InlineData("../base/parent", @"..\base\parent")]
    [InlineData("{0}/base/parent", @".\base\parent")]
    [InlineData("{0}/../base/parent", @"..\base\parent")]
    public void A_name_is_stored_from_the_folder_of_the_result(string given, string stored)
    {
        Directory.CreateDirectory(At("child"));
        string path = Path.GetFullPath(Path.Combine(At("child"), string.Format(System.Globalization.CultureInfo.InvariantCulture, given, At("child"))));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] below = DiskBytes.Random(1, MiB);
        File.WriteAllBytes(At("below.raw"), below);
        Run(At("below.raw"), path + ".vhdx", new DiskConversionOptions());

        string name = string.Format(System.Globalization.CultureInfo.InvariantCulture, given, At("child")) + ".vhdx";
        QedImageInfo info = Run(At("below.raw"), At("child/child.vhdx"), new DiskConversionOptions { BackingFile = name });

        Assert.Equal(path + ".vhdx", info.BackingFilePath);
        Assert.Equal(stored + ".vhdx", Read(QedDiskFormat.Vhdx, File.ReadAllBytes(info.Path), below).Locator["relative_path"]);
        Assert.Equal(below, DiskBytes.OfFile(info.Path));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_full_name_is_stored_as_it_leads_from_where_the_folder_really_is()
    {
        Directory.CreateDirectory(At("deep/er/real"));
        Directory.CreateSymbolicLink(At("link"), At("deep/er/real"));
        byte[] below = DiskBytes.Random(1, MiB);
        string parent = Parent(QedDiskFormat.Vhdx, below);
        File.WriteAllBytes(At("above.raw"), below);

        QedImageInfo info = Run(At("above.raw"), At("link/child.vhdx"), new DiskConversionOptions { BackingFile = parent });

        Assert.EndsWith(@"..\..\..\parent.vhdx", Read(QedDiskFormat.Vhdx, File.ReadAllBytes(info.Path), below).Locator["relative_path"], StringComparison.Ordinal);
        Assert.Equal(below, DiskBytes.OfFile(At("link/child.vhdx")));
        Assert.Equal(below, DiskBytes.OfFile(At("deep/er/real/child.vhdx")));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_chain_of_three_reads_as_the_disk_on_top(QedDiskFormat kind)
    {
        byte[] below = DiskBytes.Random(1, 5 * MiB);
        byte[] middle = [.. below];
        middle.AsSpan(MiB, 3 * MiB).Clear();
        byte[] top = [.. middle];
        DiskBytes.Random(2, 5000).CopyTo(top, (2 * MiB) + 300);
        Convert(kind, below, middle, new DiskConversionOptions { BackingFile = NameOf("parent", kind) });
        File.WriteAllBytes(At("top.raw"), top);
        Run(At("top.raw"), At(NameOf("top", kind)), new DiskConversionOptions { BackingFile = NameOf("child", kind), Verify = true });

        Assert.Equal(top, DiskBytes.OfFile(At(NameOf("top", kind))));
        Assert.Equal(top, Read(kind, File.ReadAllBytes(At(NameOf("top", kind))), middle).Disk);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_parent_that_is_written_to_afterwards_is_refused(QedDiskFormat kind)
    {
        byte[] below = DiskBytes.Random(1, MiB);
        string child = Convert(kind, below, below, new DiskConversionOptions { BackingFile = NameOf("parent", kind) });
        File.WriteAllBytes(At("below.raw"), DiskBytes.Random(2, MiB));
        Run(At("below.raw"), At(NameOf("parent", kind)), new DiskConversionOptions { Replace = true });

        Assert.Throws<QedBackingFileRefusedException>(() => DiskBytes.OfFile(child));
    }

    [Theory]
    [InlineData(QedDiskFormat.Vhdx, "parent.qed", "BackingFile", "must be a VHDX file")]
    [InlineData(QedDiskFormat.Vhdx, "parent.raw", "BackingFile", "must be a VHDX file")]
    [InlineData(QedDiskFormat.Vhdx, "parent.vhd", "BackingFile", "must be a VHDX file")]
    [InlineData(QedDiskFormat.Vhd, "parent.vhdx", "BackingFile", "must be a VHD file")]
    public void A_parent_of_another_format_is_refused(QedDiskFormat kind, string parent, string parameter, string words)
    {
        File.WriteAllBytes(At("above.raw"), new byte[MiB]);
        Run(At("above.raw"), At(parent), new DiskConversionOptions());
        Refused(kind, new DiskConversionOptions { BackingFile = parent }, parameter, words);
    }

    [Fact]
    public void What_does_not_go_with_a_parent_is_refused()
    {
        foreach (QedDiskFormat kind in new[] { QedDiskFormat.Vhdx, QedDiskFormat.Vhd })
        {
            Parent(kind, new byte[MiB]);
            File.WriteAllBytes(At("above.raw"), new byte[MiB]);
            DiskConversionOptions options = new() { BackingFile = NameOf("parent", kind) };
            Refused(kind, options with { IsFixed = true }, "IsFixed", "differencing VHD");
            Refused(kind, options with { BackingFormat = QedBackingFormat.Probe }, "BackingFormat", "do not support that");
            Refused(kind, options with { ClusterSize = 65536 }, "ClusterSize", "do not support that");
            File.WriteAllBytes(At("above.raw"), new byte[MiB + 512]);
            Refused(kind, options, "SizeBytes", "must have the same size");
            File.WriteAllBytes(At("above.raw"), new byte[MiB - 512]);
            Refused(kind, options, "SizeBytes", "must have the same size");
        }

        File.WriteAllBytes(At("above.raw"), new byte[MiB]);
        Refused(QedDiskFormat.Vhdx, new() { BackingFile = "parent.vhdx", SectorSize = 4096 }, "SectorSize", "must have the same");
        if (!OperatingSystem.IsWindows())
        {
            File.Copy(At("parent.vhdx"), At(@"a\b.vhdx"));
            Refused(QedDiskFormat.Vhdx, new() { BackingFile = @"a\b.vhdx" }, "BackingFile", "backslash");
        }
    }

    [Fact]
    public void A_result_shows_the_sectors_of_its_parent()
    {
        File.WriteAllBytes(At("below.raw"), DiskBytes.Random(1, 3 * MiB));
        Run(At("below.raw"), At("parent.vhdx"), new DiskConversionOptions { SectorSize = 4096 });
        byte[] above = DiskBytes.Random(1, 3 * MiB);
        above[8191] ^= 1;
        File.WriteAllBytes(At("above.raw"), above);
        Run(At("above.raw"), At("child.vhdx"), new DiskConversionOptions { BackingFile = "parent.vhdx", Verify = true });

        ReferenceDifferencing read = Read(QedDiskFormat.Vhdx, File.ReadAllBytes(At("child.vhdx")), DiskBytes.Random(1, 3 * MiB));
        Assert.Equal(4096, read.SectorSize);
        Assert.Equal(above, read.Disk);
        Assert.Equal([1L], read.Sectors);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_block_that_is_zeroed_around_something_keeps_it(QedDiskFormat kind)
    {
        byte[] below = DiskBytes.Random(1, 4 * MiB);
        byte[] above = [.. below];
        above.AsSpan(0, 2 * MiB).Clear();
        above[MiB] = 1;
        string child = Convert(kind, below, above, new DiskConversionOptions { BackingFile = NameOf("parent", kind) });

        Assert.Equal(above, Read(kind, File.ReadAllBytes(child), below).Disk);
    }

    // A chunk of sectors of 512 bytes has 4 GiB: behind it the entries of the blocks move up by one.
    [Theory]
    [InlineData(QedDiskFormat.Vhdx, 1 << 20)]
    [InlineData(QedDiskFormat.Vhdx, 256 << 20)]
    [InlineData(QedDiskFormat.Vhd, 512 << 10)]
    public void Sectors_behind_four_gibibytes_are_found_again(QedDiskFormat kind, int blockSize)
    {
        const long Edge = 4L << 30;
        IDiskFormat format = DiskFormats.Of(kind);
        DiskRequest request = new(Edge + (600 * MiB)) { BlockSize = blockSize };
        MemoryStorage parentFile = new("parent");
        IDiskLayer parent = format.Resolve("parent", request).Create(parentFile);
        IDisk parentDisk = parent.ToDisk(backing: null);
        byte[] below = DiskBytes.Random(1, 8 * MiB);
        parentDisk.Write(Edge - (4 * MiB), below);
        parent.EndWriting();
        MemoryStorage file = new(At("child"));
        IDiskLayer child = format.Resolve(file.Path, request with
        {
            Backing = new BackingReference("parent", IsRaw: false),
            BackingFacts = new BackingFacts(At("parent"), format.Name, parent.VirtualSize, 512, Modified: null, parent.Facts),
        }).Create(file);
        byte[] changed = DiskBytes.Random(2, 3 * MiB);
        IDisk disk = child.ToDisk(parentDisk);
        disk.Write(Edge - MiB - 100, changed);
        disk.Zero(Edge + (3 * MiB), 100 * MiB);
        child.EndWriting();

        changed.CopyTo(below, (3 * MiB) - 100);
        below.AsSpan(7 * MiB).Clear();
        using IDiskLayer layer = format.Open(new ReadOnlyStorage(file));
        disk = layer.ToDisk(parentDisk);
        Assert.Equal(below, DiskBytes.Read(disk, Edge - (4 * MiB), below.Length));
        Assert.False(DiskBytes.Read(disk, Edge + (3 * MiB), 100 * MiB).AsSpan().ContainsAnyExcept((byte)0));
        Assert.InRange(file.AllocatedBytes, 3 * MiB, 6 * MiB);
    }

    private static void WriteAnything(Random random, IDisk disk, byte[] expected)
    {
        for (int i = 0; i < 40; i++)
        {
            int offset = random.Next(expected.Length);
            int length = random.Next(1, Math.Min(expected.Length - offset, random.Pick(3 * MiB, 5000, 700)) + 1);
            if (random.Next(4) == 0)
            {
                offset = offset / MiB * MiB;
                length = Math.Min(random.Pick(MiB, 2 * MiB), expected.Length - offset);
            }

            if (random.Next(3) == 0)
            {
                disk.Zero(offset, length);
                expected.AsSpan(offset, length).Clear();
                continue;
            }

            byte[] data = DiskBytes.Random(random.Next(), length);
            disk.Write(offset, data);
            data.CopyTo(expected, offset);
        }
    }

    private static ReferenceDifferencing Read(QedDiskFormat kind, byte[] file, byte[] parent) =>
        kind == QedDiskFormat.Vhdx ? ReferenceDifferencing.Vhdx(file, parent) : ReferenceDifferencing.Vhd(file, parent);

    // Where a new VHDX file has it: the third item of the metadata at 2 MiB.
    private static Guid IdOfDisk(byte[] vhdx) => new(vhdx.AsSpan((2 * MiB) + (64 << 10) + 16, 16));

    private static string NameOf(string name, QedDiskFormat kind) => name + DiskFormats.Of(kind).Extensions[0];

    private void Refused(QedDiskFormat kind, DiskConversionOptions options, string parameter, string words)
    {
        string[] before = Directory.GetFiles(_folder.Path);
        foreach (Action act in (Action[])[
            () => DiskConversion.Plan(At("above.raw"), At(NameOf("child", kind)), options),
            () => Run(At("above.raw"), At(NameOf("child", kind)), options)])
        {
            QedRequestException error = Assert.ThrowsAny<QedRequestException>(act);
            Assert.Equal(parameter, error.Parameter);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Directory.GetFiles(_folder.Path));
    }

    private string Convert(QedDiskFormat kind, byte[] below, byte[] above, DiskConversionOptions options)
    {
        Parent(kind, below);
        File.WriteAllBytes(At("above.raw"), above);
        return Run(At("above.raw"), At(NameOf("child", kind)), options).Path;
    }

    private string Parent(QedDiskFormat kind, byte[] below)
    {
        File.WriteAllBytes(At("below.raw"), below);
        return Run(At("below.raw"), At(NameOf("parent", kind)), new DiskConversionOptions()).Path;
    }

    private static QedImageInfo Run(string path, string destination, DiskConversionOptions options) =>
        DiskConversion.Run(path, destination, options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
