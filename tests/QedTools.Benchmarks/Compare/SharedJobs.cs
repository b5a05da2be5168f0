using System;
using System.Globalization;
using System.IO;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs in which data can be shared between files instead of copied; only where the temporary folder's file system does that.</summary>
internal sealed class SharedJobs(Session session)
{
    /// <summary>Whether files in the temporary folder can share blocks.</summary>
    public static bool ArePossible()
    {
        using Inputs inputs = new();
        File.WriteAllBytes(inputs.PathOf("one"), new byte[65536]);
        return Programs.TryRun("cp", "--reflink=always", inputs.PathOf("one"), inputs.PathOf("two"));
    }

    /// <summary>A QED image converted to another format.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="data">How much data the image holds, in bytes: half of its disk.</param>
    /// <param name="isScattered">Whether each cluster is an extent of its own.</param>
    /// <param name="extension">The extension of the result, without the dot.</param>
    /// <param name="ourOptions">What the cmdlet is told.</param>
    /// <param name="theirOptions">What qemu-img is told.</param>
    public Job FromQed(Inputs inputs, long data, bool isScattered, string extension, string ourOptions, params string[] theirOptions)
    {
        string qed = inputs.HalfMappedImage("shared.qed", data, isScattered);
        string ours = inputs.PathOf("ours." + extension);
        string theirs = inputs.PathOf("theirs." + extension);
        return new Job(
            $"Convert-QedImage, {Amount(data, isScattered)}, QED to {extension}{(ourOptions.Length > 0 ? " " + ourOptions : string.Empty)}, sharing blocks, both flushed",
            isScattered ? 0.05 : 0.02,
            () => Convert(qed, ours, ourOptions),
            () => Programs.Run("qemu-img", ["convert", "-t", "writeback", "-f", "qed", "-O", FormatOf(extension), .. theirOptions, qed, theirs]),
            (_, _) => AreEqual(qed, "qed", theirs, FormatOf(extension)) && AreEqual(qed, "qed", ours, FormatOf(extension)))
        {
            BytesWritten = data,
            BeforeRound = () => Remove(ours, theirs),
            Units = data >> 16,
            Unit = "clusters of 64 KiB",
        };
    }

    /// <summary>A raw disk converted to QED.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="data">How much data it holds, in bytes: half of the disk.</param>
    /// <param name="isScattered">Whether there is a hole after every 64 KiB.</param>
    public Job FromRaw(Inputs inputs, long data, bool isScattered)
    {
        string raw = inputs.PathOf("shared.raw");
        Programs.Run("qemu-img", "convert", "-f", "qed", "-O", "raw", inputs.HalfMappedImage("first.qed", data, isScattered), raw);
        string ours = inputs.PathOf("ours.qed");
        string theirs = inputs.PathOf("theirs.qed");
        return new Job(
            $"Convert-QedImage, {Amount(data, isScattered)}, raw to QED, sharing blocks, both flushed",
            isScattered ? 0.05 : 0.02,
            () => Convert(raw, ours, string.Empty),
            () => Programs.Run("qemu-img", "convert", "-t", "writeback", "-f", "raw", "-O", "qed", raw, theirs),
            (_, _) => AreEqual(raw, "raw", theirs, "qed") && AreEqual(raw, "raw", ours, "qed"))
        {
            BytesWritten = data,
            BeforeRound = () => Remove(ours, theirs),
            Units = data >> 16,
            Unit = "clusters of 64 KiB",
        };
    }

    /// <summary>An overlay merged into an empty backing file.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="data">How much data the overlay holds, in bytes: half of the disk.</param>
    public Job Merge(Inputs inputs, long data)
    {
        string kept = inputs.HalfMappedImage("kept.qed", data, isScattered: true);
        string ours = inputs.PathOf("ours.qed");
        string theirs = inputs.PathOf("theirs.qed");
        return new Job(
            $"Merge-QedImage, overlay with {Amount(data, isScattered: true)}, sharing blocks, both flushed",
            0.10,
            () => session.Run($"(Merge-QedImage '{OverlayOf(ours)}' -Confirm:$false).BytesMerged")[0].ToString(),
            () => Programs.Run("qemu-img", "commit", "-q", "-f", "qed", OverlayOf(theirs)),
            (_, _) => AreEqual(kept, "qed", theirs, "qed") && AreEqual(kept, "qed", ours, "qed"))
        {
            BytesWritten = data,
            BeforeRound = () =>
            {
                foreach (string @base in new[] { ours, theirs })
                {
                    string overlay = OverlayOf(@base);
                    Remove(@base, overlay);
                    Programs.Run("qemu-img", "create", "-q", "-f", "qed", @base, (2 * data).ToString(CultureInfo.InvariantCulture));
                    Programs.Run("cp", "--reflink=always", kept, overlay);
                    Programs.Run("qemu-img", "rebase", "-u", "-f", "qed", "-F", "qed", "-b", @base, overlay);
                }
            },
            Units = data >> 16,
            Unit = "clusters of 64 KiB",
        };

        static string OverlayOf(string @base) => Path.ChangeExtension(@base, ".overlay.qed");
    }

    private string Convert(string from, string to, string options)
    {
        session.Run($"Convert-QedImage '{from}' '{to}' {options}");
        return string.Empty;
    }

    private static string FormatOf(string extension) => extension == "vhd" ? "vpc" : extension;

    private static bool AreEqual(string expected, string format, string path, string otherFormat) =>
        Programs.Run("qemu-img", "compare", "-f", format, "-F", otherFormat, expected, path).Contains("identical", StringComparison.Ordinal);

    private static void Remove(params string[] paths)
    {
        foreach (string path in paths)
        {
            File.Delete(path);
        }
    }

    private static string Amount(long data, bool isScattered) =>
        $"{data >> 20} MiB of data {(isScattered ? "in scattered clusters of 64 KiB" : "in long extents")}";
}
