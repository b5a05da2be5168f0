using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Tests.Interchange.Vdi;
using QedTools.Tests.Interchange.Vmdk;
using QedTools.Tests.Support;

namespace QedTools.Tests.Independent;

/// <summary>A valid disk of another format, made by qemu-img or by the tests from a specification: its files and its contents.</summary>
internal sealed class ForeignDisk
{
    private const int Grain = 64 << 10;

    private ForeignDisk(string name, string main, Dictionary<string, byte[]> files, byte[] contents, string? snapshot)
    {
        Name = name;
        Snapshot = snapshot;
        Main = main;
        Files = files;
        Contents = contents;
        Places = files.ToDictionary(file => file.Key, file => MetadataOf(file.Value));
    }

    public string Name { get; }

    /// <summary>The file that is opened.</summary>
    public string Main { get; }

    /// <summary>The snapshot that is read; null for none.</summary>
    public string? Snapshot { get; }

    public Dictionary<string, byte[]> Files { get; }

    /// <summary>For each file, the sectors that hold metadata instead of disk contents.</summary>
    public Dictionary<string, int[]> Places { get; }

    public byte[] Contents { get; }

    /// <summary>Makes one disk of each kind that this qemu-img can create, and of each kind that it only reads.</summary>
    public static List<ForeignDisk> MakeAll(string folder)
    {
        byte[] contents = MakeContents();
        string raw = Path.Combine(folder, "contents.bin");
        string below = Path.Combine(folder, "below.bin");
        File.WriteAllBytes(raw, contents);
        byte[] half = [.. contents];
        half.AsSpan(0, half.Length / 2).Clear();
        File.WriteAllBytes(below, half);

        List<ForeignDisk> all = [];
        void Make(string name, string main, params string[] options)
        {
            string made = Directory.CreateDirectory(Path.Combine(folder, "made")).FullName;
            (int code, _, string errors) = Qemu.Run("qemu-img", ["convert", "-f", "raw", .. options, raw, Path.Combine(made, main)]);
            Assert(code == 0, $"{name}: {errors}");
            Add(name, main);
        }

        void Add(string name, string main, string? snapshot = null)
        {
            string made = Path.Combine(folder, "made");
            all.Add(new ForeignDisk(name, main, Directory.EnumerateFiles(made).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes), contents, snapshot));
            Directory.Delete(made, recursive: true);
        }

        Make("qcow2 of version 2", "disk.qcow2", "-O", "qcow2", "-o", "compat=0.10,cluster_size=4096");
        Make("qcow2 of version 3", "disk.qcow2", "-O", "qcow2", "-o", "compat=1.1,cluster_size=4096");
        Make("qcow2, zlib", "disk.qcow2", "-c", "-O", "qcow2", "-o", "compat=1.1,cluster_size=16384");
        Make("qcow2, zstd", "disk.qcow2", "-c", "-O", "qcow2", "-o", "compat=1.1,compression_type=zstd");
        Make("qcow2 with subclusters", "disk.qcow2", "-O", "qcow2", "-o", "extended_l2=on,cluster_size=16384");
        Make("qcow2 with subclusters, zlib", "disk.qcow2", "-c", "-O", "qcow2", "-o", "extended_l2=on,cluster_size=32768");
        Make("VHDX", "disk.vhdx", "-O", "vhdx", "-o", "block_size=1M");
        Make("fixed VHDX", "disk.vhdx", "-O", "vhdx", "-o", "block_size=1M,subformat=fixed");
        Make("VHD", "disk.vhd", "-O", "vpc", "-o", "force_size=on");
        Make("fixed VHD", "disk.vhd", "-O", "vpc", "-o", "force_size=on,subformat=fixed");
        Make("VDI", "disk.vdi", "-O", "vdi");
        Make("fixed VDI", "disk.vdi", "-O", "vdi", "-o", "static=on");
        Make("VMDK", "disk.vmdk", "-O", "vmdk");
        Make("flat VMDK", "disk.vmdk", "-O", "vmdk", "-o", "subformat=monolithicFlat");
        Make("split VMDK", "disk.vmdk", "-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse");
        Make("streamOptimized VMDK", "disk.vmdk", "-O", "vmdk", "-o", "subformat=streamOptimized");

        // Files that VMware and VirtualBox create and qemu-img does not.
        void Put(params (string Name, byte[] Bytes)[] files)
        {
            string made = Directory.CreateDirectory(Path.Combine(folder, "made")).FullName;
            foreach ((string file, byte[] bytes) in files)
            {
                File.WriteAllBytes(Path.Combine(made, file), bytes);
            }
        }

        (string Name, byte[] Bytes) Described(string type, string lines) =>
            ("disk.vmdk", Encoding.UTF8.GetBytes(VmdkSketch.Text(type, lines, parentCid: "0000000a", parent: "base.vmdk")));

        // The first half comes from the parent, a flat disk that is empty in the second half.
        int sectors = contents.Length / 512, middle = contents.Length / 2 / Grain;
        byte[] second = [.. contents];
        second.AsSpan(middle * Grain).Clear();
        (string, byte[]) flat = ("base-flat.vmdk", second);
        (string, byte[]) flatText = ("base.vmdk", Encoding.UTF8.GetBytes(VmdkSketch.Text("monolithicFlat", $"RW {sectors} FLAT \"base-flat.vmdk\" 0")));
        Put(("disk.vmdk", VmdkSketch.Stream(contents, i => contents.AsSpan(i * Grain, Math.Min(Grain, contents.Length - (i * Grain))).ContainsAnyExcept((byte)0)).Bytes));
        Add("VMDK written in one pass", "disk.vmdk");
        Put(flat, flatText, Described("vmfsSparse", $"RW {sectors} VMFSSPARSE \"disk-delta.vmdk\""), ("disk-delta.vmdk", VmdkSketch.Cowd(contents, i => i >= middle * Grain / 512).Bytes));
        Add("COWD over flat VMDK", "disk.vmdk");
        Put(flat, flatText, Described("seSparse", $"RW {sectors} SESPARSE \"disk-sesparse.vmdk\""), ("disk-sesparse.vmdk", VmdkSketch.SeSparse(contents, i => i >= middle * Grain / 4096 ? SeSparseGrain.Data : SeSparseGrain.NotThere).Bytes));
        Add("seSparse over flat VMDK", "disk.vmdk");
        Put(("base.vdi", Vdi(1, contents, [1, 0, 0])), ("disk.vdi", Vdi(4, contents, [0, 1, 1])));
        Add("VDI over VDI", "disk.vdi");

        // An overlay that stores the first half, over a disk that stores the second.
        string chain = Directory.CreateDirectory(Path.Combine(folder, "made")).FullName;
        string under = Path.Combine(chain, "base.qcow2");
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", below, under);
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", "-B", under, "-F", "qcow2", raw, Path.Combine(chain, "disk.qcow2"));
        Qemu.Img("rebase", "-u", "-b", "base.qcow2", "-F", "qcow2", Path.Combine(chain, "disk.qcow2"));
        Add("qcow2 over qcow2", "disk.qcow2");

        // The second half, in subclusters that come from the disk below.
        Directory.CreateDirectory(chain);
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", below, under);
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "extended_l2=on,cluster_size=32768", "-B", under, "-F", "qcow2", raw, Path.Combine(chain, "disk.qcow2"));
        Qemu.Img("rebase", "-u", "-b", "base.qcow2", "-F", "qcow2", Path.Combine(chain, "disk.qcow2"));
        Add("qcow2 with subclusters over qcow2", "disk.qcow2");

        foreach (string options in new[] { "cluster_size=4096", "extended_l2=on,cluster_size=16384" })
        {
            string file = Path.Combine(Directory.CreateDirectory(chain).FullName, "disk.qcow2");
            Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", options, raw, file);
            Qemu.Img("snapshot", "-c", "first", file);
            Qemu.Io(file, "qcow2", "write -q -P 17 0 100k", "write -q -z 1M 30k", "write -q -P 18 1400k 200k");
            Qemu.Img("snapshot", "-c", "second", file);
            Qemu.Io(file, "qcow2", "write -q -P 19 0 10k");
            Add($"snapshot of qcow2, {options}", "disk.qcow2", "first");
        }

        foreach (string options in new[] { "cluster_size=4096", "data_file_raw=on,cluster_size=4096", "extended_l2=on,cluster_size=16384" })
        {
            string file = Path.Combine(Directory.CreateDirectory(chain).FullName, "disk.qcow2");
            string data = Path.Combine(chain, "disk.data");
            Qemu.Img("create", "-q", "-f", "qcow2", "-o", $"data_file={data},{options}", file, $"{contents.Length}");
            Qemu.Img("convert", "-n", "-f", "raw", "-O", "qcow2", raw, file);
            RenameDataFile(file, data, "disk.data");
            Add($"qcow2 with a data file, {options}", "disk.qcow2");
        }

        File.Delete(raw);
        File.Delete(below);
        return all;
    }

    /// <summary>Ranges of recognizable data, some of it compressible, with holes between them.</summary>
    private static byte[] MakeContents()
    {
        byte[] contents = new byte[(2 << 20) + (300 << 10) + (3 * 512)];
        foreach ((int start, int length) in new[] { (0, 5000), (65536, 40000), (300_000, 8192), (1 << 20, 70_000), (1_500_000, 100), (2 << 20, 66_000) })
        {
            QedLayout.Stamp(contents.AsSpan(start / 512 * 512, length), 4000, start);
        }

        QedLayout.Stamp(contents.AsSpan(contents.Length - 2048), 4001, 0);
        return contents;
    }

    // QEMU resolves relative names in its current folder. The new name is as long as the old one, so that nothing else moves.
    private static void RenameDataFile(string path, string from, string to)
    {
        byte[] file = File.ReadAllBytes(path);
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from));
        int more = from.Length - to.Length;
        string name = string.Concat(Enumerable.Repeat("./", more / 2)) + (more % 2 == 0 ? string.Empty : "/") + to;
        Encoding.UTF8.GetBytes(name).CopyTo(file, at);
        File.WriteAllBytes(path, file);
    }

    // A VDI file of three blocks that stores some of them.
    private static byte[] Vdi(uint type, byte[] contents, int[] stored)
    {
        const int Block = 1 << 20;
        Guid below = new("11111111-2222-3333-4444-555555555555"), above = new("21111111-2222-3333-4444-555555555555");
        byte[] file = VdiParentTests.Vdi(
            type, type == 1 ? below : above, type == 1 ? Guid.Empty : below, [.. stored.Select(is1 => is1 == 1 ? 0u : uint.MaxValue)], contents.Length, 0);
        int at = file.Length - (stored.Sum() * Block);
        for (int i = 0; i < stored.Length; i++)
        {
            if (stored[i] == 1)
            {
                contents.AsSpan(i * Block, Math.Min(Block, contents.Length - (i * Block))).CopyTo(file.AsSpan(at));
                at += Block;
            }
        }

        return file;
    }

    private static int[] MetadataOf(byte[] file)
    {
        List<int> places = [];
        for (int at = 0; at < file.Length; at += 512)
        {
            ReadOnlySpan<byte> sector = file.AsSpan(at, Math.Min(512, file.Length - at));
            if (sector.ContainsAnyExcept((byte)0) && !sector.StartsWith("STMP"u8))
            {
                places.Add(at);
            }
        }

        return [.. places];
    }

    private static void Assert(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }
}
