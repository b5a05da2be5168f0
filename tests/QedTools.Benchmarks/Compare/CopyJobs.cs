using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs that read and write whole disks.</summary>
internal sealed class CopyJobs(Session session)
{
    // The option that makes qemu-img flush its output, as the cmdlet does by default.
    private static readonly string[] Flushed = ["-t", "writeback"];

    public Job QedToRaw(Inputs inputs, long size, bool flushes)
    {
        string raw = inputs.ScatteredRaw("scattered.raw", size, storesZeroes: false);
        string qed = ToQed(inputs, raw, "scattered.qed");
        string ours = inputs.PathOf("ours.raw");
        string theirs = inputs.PathOf("theirs.raw");
        string copy = inputs.PathOf("copy.raw");
        return new Job(
            $"Convert-QedImage, {Size(size)} QED, a quarter of it scattered data, to raw{Ending(flushes)}",
            flushes ? 0.60 : 0.30,
            () => Convert(qed, ours, flushes),
            () => Programs.Run("qemu-img", ["convert", .. flushes ? Flushed : [], "-f", "qed", "-O", "raw", qed, theirs]),
            (_, _) => AreEqual(raw, theirs, ours))
        {
            Copy = () => Programs.Run("cp", "--sparse=auto", raw, copy),
            BytesWritten = size * 3 / 8,
            BeforeRound = () => Remove(ours, theirs, copy),
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    public Job QedToVhdx(Inputs inputs, long size, bool flushes)
    {
        string raw = inputs.ScatteredRaw("scattered.raw", size, storesZeroes: false);
        string qed = ToQed(inputs, raw, "scattered.qed");
        string ours = inputs.PathOf("ours.vhdx");
        string theirs = inputs.PathOf("theirs.vhdx");
        return new Job(
            $"Convert-QedImage, {Size(size)} QED, a quarter of it scattered data, to VHDX{Ending(flushes)}",
            1.00,
            () => Convert(qed, ours, flushes),
            () => Programs.Run("qemu-img", ["convert", .. flushes ? Flushed : [], "-f", "qed", "-O", "vhdx", qed, theirs]),
            (_, _) => AreEqual(raw, theirs, ours))
        {
            BytesWritten = size * 3 / 8,
            BeforeRound = () => Remove(ours, theirs),
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    public Job QedToQcow2(Inputs inputs, long size, bool flushes)
    {
        string raw = inputs.ScatteredRaw("scattered.raw", size, storesZeroes: false);
        string qed = ToQed(inputs, raw, "scattered.qed");
        string ours = inputs.PathOf("ours.qcow2");
        string theirs = inputs.PathOf("theirs.qcow2");
        return new Job(
            $"Convert-QedImage, {Size(size)} QED, a quarter of it scattered data, to qcow2{Ending(flushes)}",
            1.00,
            () => Convert(qed, ours, flushes),
            () => Programs.Run("qemu-img", ["convert", .. flushes ? Flushed : [], "-f", "qed", "-O", "qcow2", qed, theirs]),
            (_, _) => AreEqual(raw, theirs, ours))
        {
            BytesWritten = size * 3 / 8,
            BeforeRound = () => Remove(ours, theirs),
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    public Job RawToQed(Inputs inputs, long size, bool storesZeroes, bool flushes)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes);
        string ours = inputs.PathOf("ours.qed");
        string theirs = inputs.PathOf("theirs.qed");
        return new Job(
            $"Convert-QedImage, {Size(size)} raw, {(storesZeroes ? "without holes, a quarter of it data" : "a quarter of it data")}, to QED{Ending(flushes)}",
            storesZeroes ? 0.18 : 0.60,
            () => Convert(raw, ours, flushes),
            () => Programs.Run("qemu-img", ["convert", .. flushes ? Flushed : [], "-f", "raw", "-O", "qed", raw, theirs]),
            (_, _) => AreEqual(raw, theirs, ours))
        {
            BytesWritten = size * 3 / 8,
            BeforeRound = () => Remove(ours, theirs),
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    /// <summary>A compressed result, which may be 2 percent larger than qemu-img's.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="size">The disk's size, in bytes.</param>
    /// <param name="extension">The result's extension, without the dot.</param>
    /// <param name="name">What it is called in the report.</param>
    /// <param name="ourOptions">What the cmdlet is told.</param>
    /// <param name="theirOptions">What qemu-img is told.</param>
    public Job Compressed(Inputs inputs, long size, string extension, string name, string ourOptions, params string[] theirOptions)
    {
        string raw = inputs.MixedRaw("mixed.raw", size);
        string ours = inputs.PathOf("ours." + extension);
        string theirs = inputs.PathOf("theirs." + extension);
        return new Job(
            $"Convert-QedImage -Compress, {Size(size)} raw, mixed data, to {name}, neither flushed",
            0.60,
            () => session.Run($"Convert-QedImage '{raw}' '{ours}' -NoFlush {ourOptions}")[0].ToString(),
            () => Programs.Run("qemu-img", ["convert", "-f", "raw", "-O", extension, .. theirOptions, raw, theirs]),
            (_, _) => new FileInfo(ours).Length <= new FileInfo(theirs).Length * 1.02 && AreEqual(raw, theirs, ours))
        {
            BytesWritten = size,
            BeforeRound = () => Remove(ours, theirs),
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    public Job Compare(Inputs inputs, long size)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: false);
        string one = ToQed(inputs, raw, "one.qed");
        string two = ToQed(inputs, raw, "two.qed", "-o", "cluster_size=131072");
        return new Job(
            $"Compare-QedImage, two equal disks of {Size(size)}",
            0.45,
            () => session.Run($"(Compare-QedImage '{one}' '{two}').AreEqual")[0].ToString(),
            () => Programs.Run("qemu-img", "compare", one, two),
            (ours, theirs) => ours == "True" && theirs.Contains("identical", StringComparison.Ordinal))
        {
            Units = size >> 20,
            Unit = "MiB of disk",
        };
    }

    public Job Merge(Inputs inputs, long size, bool keeps = false)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: false);
        string kept = ToQed(inputs, raw, "kept.qed");
        string ours = inputs.PathOf("ours.qed");
        string theirs = inputs.PathOf("theirs.qed");
        return new Job(
            $"Merge-QedImage{(keeps ? " -Keep" : string.Empty)}, {Size(size)} overlay, a quarter of it data, both flushed",
            keeps ? 0.60 : 0.70,
            () => session.Run($"(Merge-QedImage '{OverlayOf(ours)}' {(keeps ? "-Keep " : string.Empty)}-Confirm:$false).BytesMerged")[0].ToString(),
            () => Programs.Run("qemu-img", "commit", "-q", "-f", "qed", OverlayOf(theirs)),
            (_, _) => AreEqual(raw, ours, theirs))
        {
            BytesWritten = size * 3 / 8,
            BeforeRound = () =>
            {
                foreach (string @base in new[] { ours, theirs })
                {
                    string overlay = OverlayOf(@base);
                    Remove(@base, overlay);
                    Programs.Run("qemu-img", "create", "-q", "-f", "qed", @base, size.ToString(CultureInfo.InvariantCulture));
                    Programs.Run("cp", "--sparse=always", kept, overlay);
                    Programs.Run("qemu-img", "rebase", "-u", "-f", "qed", "-F", "qed", "-b", @base, overlay);
                }
            },
            Units = size >> 20,
            Unit = "MiB of disk",
        };

        static string OverlayOf(string @base) => Path.ChangeExtension(@base, ".overlay.qed");
    }

    private string Convert(string from, string to, bool flushes)
    {
        session.Run($"Convert-QedImage '{from}' '{to}'{(flushes ? string.Empty : " -NoFlush")}");
        return string.Empty;
    }

    private static string ToQed(Inputs inputs, string raw, string name, params string[] options)
    {
        string qed = inputs.PathOf(name);
        Programs.Run("qemu-img", ["convert", "-f", "raw", "-O", "qed", .. options, raw, qed]);
        return qed;
    }

    private static bool AreEqual(string expected, params string[] paths) => paths.All(path => Programs.Run(
        "qemu-img", "compare", "-f", "raw", "-F", Path.GetExtension(path)[1..], expected, path).Contains("identical", StringComparison.Ordinal));

    private static void Remove(params string[] paths)
    {
        foreach (string path in paths)
        {
            File.Delete(path);
        }
    }

    private static string Ending(bool flushes) => flushes ? ", both flushed" : ", neither flushed";

    private static string Size(long bytes) => bytes >= 1 << 30 ? $"{bytes >> 30} GiB" : $"{bytes >> 20} MiB";
}
