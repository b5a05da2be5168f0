using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>QEMU reads what QedTools writes, and the reverse.</summary>
public sealed class DataPlaneTests : IDisposable
{
    private const int Size = 5 << 20;

    private readonly TempFolder _folder = new();

    public static TheoryData<int> Some => Seeds.Take(6);

    public void Dispose() => _folder.Dispose();

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [MemberData(nameof(Some))]
    public void QedTools_reads_what_QEMU_writes(int seed)
    {
        Random random = new(seed);
        byte[] expected = NewImage(random, byQemu: true, out string path);
        List<string> commands = [];
        foreach ((int place, int length, byte value, bool isZero) in Pieces(random))
        {
            // QEMU overruns its own buffer on large writes to small clusters.
            (int offset, int count) = InWholeClustersOverBacking(path, place, Math.Min(length, 8 << 10));
            expected.AsSpan(offset, count).Fill(value);
            commands.Add(isZero ? $"write -q -z {offset} {count}" : $"write -q -P {value} {offset} {count}");
        }

        Qemu.Io(path, "qed", [.. commands]);
        Assert.Equal(expected, DiskBytes.OfFile(path));
        Assert.False(Check(path).NeedsCheck);
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [MemberData(nameof(Some))]
    public void QEMU_reads_what_QedTools_writes(int seed)
    {
        Random random = new(seed);
        byte[] expected = NewImage(random, byQemu: seed % 2 == 0, out string path);
        Write(path, random, expected);
        AssertQemuReads(path, expected);
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [MemberData(nameof(Some))]
    public void Both_can_write_in_turn(int seed)
    {
        Random random = new(seed);
        byte[] expected = NewImage(random, byQemu: false, out string path);
        for (int round = 0; round < 4; round++)
        {
            Write(path, random, expected);
            (int offset, int count) = InWholeClustersOverBacking(path, random.Next(Size - 200_000) / 512 * 512, 4096);
            expected.AsSpan(offset, count).Fill(0xA5);
            expected.AsSpan(offset + 65536, count).Clear();
            Qemu.Io(path, "qed", $"write -q -P 0xa5 {offset} {count}", $"write -q -z {offset + 65536} {count}");
            Assert.Equal(expected, DiskBytes.OfFile(path));
        }

        AssertQemuReads(path, expected);
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void Patterns_are_read_back_by_qemu_io()
    {
        string path = _folder.PathOf("a.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 64 << 20, ClusterSize = 4096, TableSize = 2 }, TestContext.Current.CancellationToken);
        using (BackingChain chain = OpenForWriting(path))
        {
            IDisk disk = chain.ToDisk();
            disk.Write((4 << 20) - 5000, [.. Enumerable.Repeat((byte)0x5a, 10_000)]);
            disk.Write(20 << 20, [.. Enumerable.Repeat((byte)0x3c, 300_000)]);
            disk.Zero((20 << 20) + 100_000, 100_000);
            disk.SetLength(96 << 20);
            disk.Write((96 << 20) - 100, [.. Enumerable.Repeat((byte)0x77, 100)]);
            chain.Close();
        }

        string output = Qemu.Io(
            path,
            "qed",
            $"read -P 0x5a {(4 << 20) - 5000} 10000",
            $"read -P 0 {(4 << 20) + 5000} 4000",
            $"read -P 0x3c {20 << 20} 100000",
            $"read -P 0 {(20 << 20) + 100_000} 100000",
            $"read -P 0x3c {(20 << 20) + 200_000} 100000",
            $"read -P 0 {64 << 20} 1048576",
            $"read -P 0x77 {(96 << 20) - 100} 100");
        Assert.DoesNotContain("failed", output, StringComparison.Ordinal);
        Qemu.Img("check", "-q", path);
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void Conversions_agree_with_those_of_qemu_img()
    {
        RawFiles.Scattered(_folder.PathOf("a.raw"), 6_000_128, seed: 5, pieces: 80);
        Convert("a.raw", "ours.qed", new DiskConversionOptions { Verify = true });
        Qemu.Img("convert", "-f", "raw", "-O", "qed", _folder.PathOf("a.raw"), _folder.PathOf("theirs.qed"));
        Qemu.Img("compare", "-q", "-f", "qed", "-F", "qed", _folder.PathOf("ours.qed"), _folder.PathOf("theirs.qed"));
        Assert.True(Compare("ours.qed", "theirs.qed").AreEqual);
        Convert("theirs.qed", "back.raw", new DiskConversionOptions());
        Assert.True(Compare("a.raw", "back.raw").AreEqual);
        Assert.Equal(Check(_folder.PathOf("theirs.qed")).AllocatedClusters, Check(_folder.PathOf("ours.qed")).AllocatedClusters);

        Convert("a.raw", "over.qed", new DiskConversionOptions { BackingFile = "theirs.qed" });
        Qemu.Img("compare", "-q", "-f", "qed", "-F", "raw", _folder.PathOf("over.qed"), _folder.PathOf("a.raw"));
        Qemu.Img("check", "-q", _folder.PathOf("over.qed"));
    }

    [Fact(Skip = Ext4.SkipReason, SkipUnless = nameof(Ext4.IsInstalled), SkipType = typeof(Ext4))]
    public void A_file_system_survives_conversion_to_an_image_and_back()
    {
        string files = _folder.PathOf("files");
        Directory.CreateDirectory(Path.Combine(files, "inner"));
        Random random = new(1);
        for (int i = 0; i < 30; i++)
        {
            byte[] content = new byte[random.Next(200_000)];
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(files, i % 2 == 0 ? "inner" : ".", $"file-{i}"), content);
        }

        string raw = _folder.PathOf("fs.raw");
        (int code, _, string errors) = Qemu.Run("mke2fs", "-q", "-t", "ext4", "-d", files, raw, "24M");
        Assert.True(code == 0, errors);
        Convert("fs.raw", "fs.qed", new DiskConversionOptions { Verify = true });

        // An overlay on it is written through the stream: a file's contents change, and the file system stays intact.
        ImageCreation.Run(_folder.PathOf("over.qed"), new ImageCreationOptions { BackingFile = "fs.qed", ClusterSize = 4096 }, TestContext.Current.CancellationToken);
        byte[] disk = File.ReadAllBytes(raw);
        byte[] marked = File.ReadAllBytes(Path.Combine(files, "inner", "file-0"));
        int at = disk.AsSpan().IndexOf(marked.AsSpan(0, Math.Min(1024, marked.Length)));
        Assert.True(at > 0);
        using (DiskStream stream = DiskOpening.Run(_folder.PathOf("over.qed"), new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken))
        {
            stream.Position = at;
            stream.Write([.. "changed through the stream"u8]);
            "changed through the stream"u8.CopyTo(disk.AsSpan(at));
        }

        Convert("over.qed", "changed.raw", new DiskConversionOptions());
        Convert("fs.qed", "back.raw", new DiskConversionOptions());
        Assert.Equal(File.ReadAllBytes(raw), File.ReadAllBytes(_folder.PathOf("back.raw")));
        Assert.Equal(disk, File.ReadAllBytes(_folder.PathOf("changed.raw")));
        foreach (string name in new[] { "back.raw", "changed.raw" })
        {
            (code, string output, errors) = Qemu.Run("e2fsck", "-f", "-n", _folder.PathOf(name));
            Assert.True(code == 0, $"e2fsck ended with {code}: {output} {errors}");
        }

        (_, string text, _) = Qemu.Run("debugfs", "-R", "cat /inner/file-0", _folder.PathOf("changed.raw"));
        Assert.StartsWith("changed through the stream", text, StringComparison.Ordinal);
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.True(RawFiles.DataBytes(_folder.PathOf("back.raw")) <= RawFiles.DataBytes(raw) + 65536, "The copy is less sparse.");
        }
    }

    // A new image, in half of the cases over a raw file, and its expected contents.
    private byte[] NewImage(Random random, bool byQemu, out string path)
    {
        byte[] expected = new byte[Size];
        path = _folder.PathOf("image.qed");
        int clusterSize = 4096 << random.Next(5);
        int tableSize = 2 << random.Next(3);
        bool hasBacking = random.Next(2) == 0;
        if (hasBacking)
        {
            byte[] below = RawFiles.Scattered(_folder.PathOf("base.raw"), random.Next(1, 2 * Size) / 512 * 512, random.Next(), pieces: 60);
            below.AsSpan(0, Math.Min(below.Length, Size)).CopyTo(expected);
        }

        if (byQemu)
        {
            string[] backing = hasBacking ? ["-b", "base.raw", "-F", "raw"] : [];
            Qemu.Img(["create", "-q", "-f", "qed", "-o", $"cluster_size={clusterSize},table_size={tableSize}", .. backing, path, $"{Size}"]);
        }
        else
        {
            ImageCreation.Run(
                path,
                new ImageCreationOptions { SizeBytes = Size, ClusterSize = clusterSize, TableSize = tableSize, BackingFile = hasBacking ? "base.raw" : null },
                TestContext.Current.CancellationToken);
        }

        return expected;
    }

    // When QEMU writes a part of a zero cluster, it loses the zeroes: it fills the rest from the backing file.
    private static (int Offset, int Length) InWholeClustersOverBacking(string path, int offset, int length)
    {
        QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());
        int clusterSize = info.ClusterSize ?? 0;
        return info.BackingFile is null
            ? (offset, length)
            : (offset / clusterSize * clusterSize, (length + clusterSize - 1) / clusterSize * clusterSize);
    }

    private static IEnumerable<(int Offset, int Length, byte Value, bool IsZero)> Pieces(Random random)
    {
        for (int i = 0; i < 25; i++)
        {
            int offset = random.Next(Size - 1);
            int length = Math.Min(Size - offset, random.Next(2) == 0 ? random.Next(1, 3000) : random.Next(1, 300_000));
            bool isZero = random.Next(3) == 0;
            yield return (offset, length, isZero ? (byte)0 : (byte)random.Next(1, 256), isZero);
        }
    }

    private static void Write(string path, Random random, byte[] expected)
    {
        using BackingChain chain = OpenForWriting(path);
        IDisk disk = chain.ToDisk();
        foreach ((int offset, int length, byte value, bool isZero) in Pieces(random))
        {
            expected.AsSpan(offset, length).Fill(value);
            if (isZero)
            {
                disk.Zero(offset, length);
            }
            else
            {
                disk.Write(offset, expected.AsSpan(offset, length));
            }
        }

        chain.Close();
    }

    private static BackingChain OpenForWriting(string path)
    {
        BackingChain chain = BackingChain.OpenAll(path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, AllowUnc: false));
        chain.Layers[0].BeginWriting(progress: null, TestContext.Current.CancellationToken);
        return chain;
    }

    private void AssertQemuReads(string path, byte[] expected)
    {
        string raw = _folder.PathOf("expected.raw");
        File.WriteAllBytes(raw, expected);
        Qemu.Img("compare", "-q", "-f", "qed", "-F", "raw", path, raw);

        // On longer files, QEMU's check reports leaks that do not exist.
        int clusterSize = ImageInspection.Run(path, new ImageInspectionOptions()).ClusterSize ?? 0;
        if (new FileInfo(path).Length < (long)clusterSize * clusterSize)
        {
            Qemu.Img("check", "-q", "-f", "qed", path);
        }
    }

    private static QedCheckResult Check(string path)
    {
        QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(QedCheckStatus.Clean, check.Status);
        return check;
    }

    private void Convert(string from, string to, DiskConversionOptions options) => DiskConversion.Run(
        _folder.PathOf(from), _folder.PathOf(to), options, progress: null, TestContext.Current.CancellationToken);

    private QedComparison Compare(string path, string reference) => DiskComparison.Run(
        _folder.PathOf(path), _folder.PathOf(reference), new DiskComparisonOptions { Strict = true }, progress: null, TestContext.Current.CancellationToken);
}
