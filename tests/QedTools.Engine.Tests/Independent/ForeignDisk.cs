using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Tests.Support;

namespace QedTools.Tests.Independent;

/// <summary>A sound disk of another format that qemu-img made: its files, and what it reads as.</summary>
internal sealed class ForeignDisk
{
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

    /// <summary>Where in each file the sectors are that hold something that is not the disk's contents.</summary>
    public Dictionary<string, int[]> Places { get; }

    public byte[] Contents { get; }

    /// <summary>Makes one disk of each kind that this qemu-img can make.</summary>
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

        // An overlay with the first half, over a disk with the second.
        string chain = Directory.CreateDirectory(Path.Combine(folder, "made")).FullName;
        string under = Path.Combine(chain, "base.qcow2");
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", below, under);
        Qemu.Img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", "-B", under, "-F", "qcow2", raw, Path.Combine(chain, "disk.qcow2"));
        Qemu.Img("rebase", "-u", "-b", "base.qcow2", "-F", "qcow2", Path.Combine(chain, "disk.qcow2"));
        Add("qcow2 over qcow2", "disk.qcow2");

        // The second half where subclusters leave it to the disk below.
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

    /// <summary>Stretches of recognizable data, some of it compressible, with holes between them.</summary>
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

    // QEMU begins relative names in its own current folder. The new name has the length of the old one, so that nothing else moves.
    private static void RenameDataFile(string path, string from, string to)
    {
        byte[] file = File.ReadAllBytes(path);
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from));
        int more = from.Length - to.Length;
        string name = string.Concat(Enumerable.Repeat("./", more / 2)) + (more % 2 == 0 ? string.Empty : "/") + to;
        Encoding.UTF8.GetBytes(name).CopyTo(file, at);
        File.WriteAllBytes(path, file);
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
