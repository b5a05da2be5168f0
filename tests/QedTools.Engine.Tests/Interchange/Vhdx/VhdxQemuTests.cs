using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>QEMU reads and checks what QedTools writes, and QedTools reads what QEMU writes.</summary>
/// <remarks>QEMU supports only VHDX files with sectors of 512 bytes and without a parent, and its map reports data everywhere.</remarks>
public sealed class VhdxQemuTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Size, block size in MiB, whether fixed, and how many pieces of data; -1: full.</summary>
    public static TheoryData<long, int, bool, int> Disks => new()
    {
        { 512, 1, false, 1 },
        { 512, 32, true, -1 },
        { MiB - 512, 1, false, 3 },
        { MiB, 1, true, -1 },
        { MiB + 512, 1, false, 3 },
        { (9 * MiB) + 1536, 2, false, 20 },
        { (9 * MiB) + 1536, 2, true, 20 },
        { 9 * MiB, 1, false, -1 },
        { 40 * MiB, 32, false, 0 },
        { (33 * MiB) + 512, 32, false, 30 },
        { 600 * MiB, 256, false, 10 },
        { (5L << 30) + 512, 1, false, 40 }, // more than one chunk
        { (3L << 40) + 512, 16, false, 12 },
    };

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Disks))]
    public void QEMU_reads_our_files(long size, int blockMiB, bool isFixed, int pieces)
    {
        RawFiles.OfPieces(At("a.raw"), size, pieces);
        QedImageInfo info = Convert("a.raw", "b.vhdx", new DiskConversionOptions { BlockSize = (long)blockMiB * MiB, IsFixed = isFixed, Verify = true });

        Assert.Equal(("VHDX", size), (info.Format, info.VirtualSize));
        Assert.Contains("No errors", Qemu.Img("check", "-f", "vhdx", At("b.vhdx")), StringComparison.Ordinal);
        AssertEqualForQemu("b.vhdx", size, pieces);
        using JsonDocument theirs = JsonDocument.Parse(Qemu.Img("info", "--output=json", At("b.vhdx")));
        Assert.Equal("vhdx", theirs.RootElement.GetProperty("format").GetString());
        Assert.Equal(size, theirs.RootElement.GetProperty("virtual-size").GetInt64());
        Assert.Equal(blockMiB * MiB, theirs.RootElement.GetProperty("cluster-size").GetInt32());
        Assert.False(theirs.RootElement.GetProperty("dirty-flag").GetBoolean());
        Assert.Equal(0, info.FileSize % MiB);
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.InRange(RawFiles.DataBytes(At("b.vhdx")), 1, RawFiles.DataBytes(At("a.raw")) + (512 << 10));
        }

        // QEMU can write to the file, so QedTools has left it in a state that QEMU expects.
        string last = (size - 512).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Qemu.Io(At("b.vhdx"), "vhdx", $"write -P 0x77 {last} 512");
        Qemu.Io(At("a.raw"), "raw", $"write -P 0x77 {last} 512");
        Assert.Contains("No errors", Qemu.Img("check", "-f", "vhdx", At("b.vhdx")), StringComparison.Ordinal);
        AssertEqual("b.vhdx", "a.raw");
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Disks))]
    public void QEMUs_files_are_read(long size, int blockMiB, bool isFixed, int pieces)
    {
        RawFiles.OfPieces(At("a.raw"), size, pieces);
        foreach (string stateZero in new[] { "on", "off" })
        {
            File.Delete(At("b.vhdx"));
            string options = $"subformat={(isFixed ? "fixed" : "dynamic")},block_size={blockMiB}M,block_state_zero={(isFixed ? "on" : stateZero)}";
            if (size < 1L << 32)
            {
                Qemu.Img("convert", "-f", "raw", "-O", "vhdx", "-S", "0", "-o", options, At("a.raw"), At("b.vhdx"));
            }
            else
            {
                // Terabytes of zeroes would take QEMU too long.
                Qemu.Img("create", "-q", "-f", "vhdx", "-o", options, At("b.vhdx"), $"{size}");
                Qemu.Io(At("b.vhdx"), "vhdx", [.. RawFiles.Pieces(size, pieces).Select(piece => $"write -q -P {piece.Value} {piece.Offset} {piece.Length}")]);
            }

            AssertEqual("b.vhdx", "a.raw");
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Seeds.Take), 12, MemberType = typeof(Seeds))]
    public void QEMU_replays_a_log_to_the_same_disk(int seed)
    {
        // If a sequence wraps around to the ring's start, QEMU 7.2 replays only the part there, without the sequence's tail.
        Random random = new(seed);
        VhdxSketch sketch = new(8 * MiB);
        long[] places = [.. Enumerable.Range(0, 3).Select(block => sketch.Put(block, DiskBytes.Random(seed + block, MiB)))];
        long unused = sketch.Append(MiB);
        sketch.Storage.Write(unused, DiskBytes.Random(seed, MiB));
        byte[] bat = new byte[4096];
        sketch.Storage.Read(sketch.BatOffset, bat);
        LogSketch log = new(sketch) { FileLengths = (sketch.Storage.Length, sketch.Storage.Length), Position = random.Next(60) * 4096L };
        log.Announce();
        long tail = log.Position;
        ulong number = (ulong)random.NextInt64(1, 1L << 40);
        for (int entry = random.Next(1, 15); entry > 0; entry--)
        {
            List<LogSketch.Change> changes = [];
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                long at = places[random.Next(3)] + (random.Next(250) * 4096L);
                changes.Add(random.Next(2) == 0
                    ? LogSketch.Data(at, DiskBytes.Random(random.Next(), 4096))
                    : LogSketch.Zeroes(at, random.Next(1, 6) * 4096L));
            }

            if (random.Next(3) == 0)
            {
                BitConverter.GetBytes((ulong)unused | 6).CopyTo(bat, 8 * random.Next(3, 8));
                Array.Clear(bat, 8 * random.Next(3, 8), 8);
                changes.Add(LogSketch.Data(sketch.BatOffset, [.. bat]));
            }

            log.Add(number++, tail, [.. changes]);
        }

        if (random.Next(2) == 0)
        {
            byte[] torn = log.BytesOf(number, tail, LogSketch.Zeroes(places[0], MiB));
            torn[100] ^= 1;
            log.Write(log.Position, torn);
        }

        TestImage.Save(sketch.Storage, At("ours.vhdx"));
        File.Copy(At("ours.vhdx"), At("theirs.vhdx"));
        Qemu.Img("check", "-q", "-r", "all", "-f", "vhdx", At("theirs.vhdx"));
        AssertEqual("ours.vhdx", "theirs.vhdx");
        Qemu.Img("convert", "-f", "vhdx", "-O", "raw", At("theirs.vhdx"), At("theirs.raw"));
        AssertEqual("ours.vhdx", "theirs.raw");
    }

    // QEMU compares a VHDX file by reading all of it, which takes too long for terabytes: there, it reads only what was written.
    private void AssertEqualForQemu(string name, long size, int pieces)
    {
        if (size < 1L << 32)
        {
            Assert.Contains("identical", Qemu.Img("compare", "-f", "vhdx", "-F", "raw", At(name), At("a.raw")), StringComparison.Ordinal);
            return;
        }

        Qemu.Io(At(name), "vhdx", [.. RawFiles.Pieces(size, pieces).Select(piece => $"read -q -P {piece.Value} {piece.Offset} {piece.Length}")]);
    }

    private void AssertEqual(string one, string other)
    {
        QedComparison result = DiskComparison.Run(
            At(one), At(other), new DiskComparisonOptions { Strict = true }, progress: null, TestContext.Current.CancellationToken);
        Assert.True(result.AreEqual, $"{one} and {other} differ at {result.FirstDifference}");
    }

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
