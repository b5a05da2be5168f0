using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs. Each is made, with its inputs, when its turn comes.</summary>
internal sealed class Jobs(Inputs inputs, Session session, int scale)
{
    private const int RandomRequests = 50_000;

    /// <summary>All jobs in order.</summary>
    public IEnumerable<(string Name, Func<Job> Make)> All =>
    [
        ("Test-QedImage, 1 TiB, 16 million clusters", () => Check("check-1t.qed", 65536, 4, (16 << 20) / scale, 0.10)),
        ("Test-QedImage, 4 KiB clusters, 4 million", () => Check("check-4k.qed", 4096, 4, (4 << 20) / scale, 0.20)),
        ("Get-QedAllocationMap, a million extents", () => Map("", 0.35)),
        ("Get-QedAllocationMap -State Data to Where-Object", () => Map(" -State Data | Where-Object Length -gt 0", 0.8)),
        ("Get-QedInfo, 1,000 images", Info),
        ("Convert-QedImage, scattered QED to raw", QedToRaw),
        ("Convert-QedImage, raw with holes to QED", () => RawToQed("holes.raw", storesZeroes: false)),
        ("Convert-QedImage, dense raw with zeroes to QED", () => RawToQed("dense.raw", storesZeroes: true)),
        ("Compare-QedImage, equal disks", Compare),
        ("Merge-QedImage, overlay", Merge),
        ("4 KiB random reads through the stream", RandomReads),
        ("4 KiB random allocating writes", RandomWrites),
    ];

    private long DiskSize => (4L << 30) / scale;

    private Job Check(string name, int clusterSize, int tableSize, long clusters, double target)
    {
        string path = inputs.MappedImage(name, clusterSize, tableSize, clusters, swaps: false);
        return new Job(
            $"Test-QedImage, {clusters} clusters of {clusterSize / 1024} KiB",
            target,
            () => session.Run($"$r = Test-QedImage '{path}'; \"$($r.AllocatedClusters) $($r.CorruptionCount)\"")[0].ToString(),
            () => Programs.Run("qemu-img", "check", "--output=json", path))
        {
            Agree = (ours, theirs) =>
            {
                using JsonDocument document = JsonDocument.Parse(theirs);
                JsonElement root = document.RootElement;
                long allocated = root.GetProperty("allocated-clusters").GetInt64();
                long corruptions = root.TryGetProperty("corruptions", out JsonElement value) ? value.GetInt64() : 0;
                return ours == $"{allocated} {corruptions}";
            },
        };
    }

    private Job Map(string pipeline, double target)
    {
        string path = inputs.PathOf("map.qed");
        long clusters = (1 << 20) / scale;
        if (!File.Exists(path))
        {
            inputs.MappedImage("map.qed", 65536, 4, clusters, swaps: true);
        }

        return new Job(
            $"Get-QedAllocationMap{pipeline.Replace(" | ", " to ", StringComparison.Ordinal)}, {clusters} extents",
            target,
            () => session.Run($"Get-QedAllocationMap '{path}'{pipeline}").Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
            () => Programs.Run("qemu-img", "map", "--output=json", path))
        {
            Agree = (ours, theirs) => ours == theirs.Count(character => character == '{').ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    private Job Info()
    {
        const int Images = 1000;
        const int Asked = 20;
        string folder = inputs.PathOf("many");
        Directory.CreateDirectory(folder);
        for (int i = 0; i < Images; i++)
        {
            ImageCreation.Create(Path.Combine(folder, $"{i:000}.qed"), new QedCreateOptions { SizeBytes = (i + 1L) << 20 });
        }

        return new Job(
            $"Get-QedInfo, {Images} images in one pipeline, against one qemu-img info each",
            0.02,
            () => session.Run($"$sum = 0; Get-QedInfo '{folder}/*.qed' | ForEach-Object {{ $sum += $_.VirtualSize }}; $sum")[0].ToString(),
            () =>
            {
                for (int i = 0; i < Asked; i++)
                {
                    Programs.Run("qemu-img", "info", Path.Combine(folder, $"{i:000}.qed"));
                }

                return string.Empty;
            })
        {
            TheirShare = Images / (double)Asked,
            Agree = (ours, _) => ours == (Enumerable.Range(1, Images).Sum(i => (long)i) << 20).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    private Job QedToRaw()
    {
        string raw = inputs.ScatteredRaw("scattered.raw", DiskSize, storesZeroes: false);
        string qed = inputs.PathOf("scattered.qed");
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, qed);
        string ours = inputs.PathOf("ours.raw");
        string theirs = inputs.PathOf("theirs.raw");
        string copy = inputs.PathOf("copy.raw");
        return new Job(
            $"Convert-QedImage, {ByteSize(DiskSize)} of scattered QED to raw",
            0.60,
            () => Convert(qed, ours),
            () => Programs.Run("qemu-img", "convert", "-f", "qed", "-O", "raw", qed, theirs))
        {
            Copy = () => Programs.Run("cp", "--sparse=auto", raw, copy),
            BytesWritten = DiskSize,
            BeforeRound = () => Remove(ours, theirs, copy),
            Agree = (_, _) => AreEqual(raw, theirs, ours),
        };
    }

    private Job RawToQed(string name, bool storesZeroes)
    {
        string raw = inputs.ScatteredRaw(name, DiskSize, storesZeroes);
        string ours = inputs.PathOf("ours-" + name + ".qed");
        string theirs = inputs.PathOf("theirs-" + name + ".qed");
        return new Job(
            $"Convert-QedImage, {ByteSize(DiskSize)} of raw {(storesZeroes ? "with stored zeroes" : "with holes")} to QED",
            0.70,
            () => Convert(raw, ours),
            () => Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, theirs))
        {
            BytesWritten = DiskSize,
            BeforeRound = () => Remove(ours, theirs),
            Agree = (_, _) => AreEqual(raw, theirs, ours),
        };
    }

    private Job Compare()
    {
        string raw = inputs.PathOf("holes.raw");
        if (!File.Exists(raw))
        {
            inputs.ScatteredRaw("holes.raw", DiskSize, storesZeroes: false);
        }

        string one = inputs.PathOf("one.qed");
        string two = inputs.PathOf("two.qed");
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, one);
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", "-o", "cluster_size=131072", raw, two);
        return new Job(
            $"Compare-QedImage, two equal disks of {ByteSize(DiskSize)}",
            0.50,
            () => session.Run($"(Compare-QedImage '{one}' '{two}').AreEqual")[0].ToString(),
            () => Programs.Run("qemu-img", "compare", one, two))
        {
            Agree = (ours, theirs) => ours == "True" && theirs.Contains("identical", StringComparison.Ordinal),
        };
    }

    private Job Merge()
    {
        long size = DiskSize / 4 * 2;
        string data = inputs.ScatteredRaw("overlay.raw", size, storesZeroes: false);
        string kept = inputs.PathOf("overlay.qed.kept");
        string @base = inputs.PathOf("base.qed");
        string over = inputs.PathOf("over.qed");
        Programs.Run("qemu-img", "create", "-q", "-f", "qed", @base, size.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", data, kept);
        Programs.Run("qemu-img", "rebase", "-u", "-f", "qed", "-F", "qed", "-b", @base, kept);
        return new Job(
            $"Merge-QedImage, {ByteSize(size)} overlay half full",
            0.70,
            () => session.Run($"(Merge-QedImage '{over}' -Confirm:$false).BytesMerged")[0].ToString(),
            () => Programs.Run("qemu-img", "commit", "-q", "-f", "qed", over))
        {
            BytesWritten = size,
            Before = () =>
            {
                Remove(over, @base);
                Programs.Run("qemu-img", "create", "-q", "-f", "qed", @base, size.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Programs.Run("cp", "--sparse=always", kept, over);
            },
            Agree = (_, _) => Programs.Run("qemu-img", "compare", "-f", "qed", "-F", "raw", @base, data).Contains("identical", StringComparison.Ordinal),
        };
    }

    private Job RandomReads()
    {
        string raw = inputs.ScatteredRaw("reads.raw", DiskSize, storesZeroes: false);
        string qed = inputs.PathOf("reads.qed");
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, qed);
        long blocks = DiskSize / 4096;
        return new Job(
            $"4 KiB random reads through Open-QedImage's stream, {RandomRequests}",
            0.10,
            () =>
            {
                using Stream stream = (Stream)session.Run($"Open-QedImage '{qed}'")[0].BaseObject;
                byte[] buffer = new byte[4096];
                Random random = new(1);
                for (int i = 0; i < RandomRequests; i++)
                {
                    stream.Position = random.NextInt64(blocks) * 4096;
                    stream.ReadExactly(buffer);
                }

                return string.Empty;
            },

            // A step that shares no factor with the size visits the blocks in an order that is as good as random.
            () => Programs.Run("qemu-img", "bench", "-f", "qed", "-d", "1", "-c", $"{RandomRequests}", "-s", "4096", "-S", "1677725696", qed))
        {
            Agree = (_, _) => true,
        };
    }

    private Job RandomWrites()
    {
        string ours = inputs.PathOf("writes-ours.qed");
        string theirs = inputs.PathOf("writes-theirs.qed");
        long size = DiskSize;
        return new Job(
            $"4 KiB random allocating writes, {RandomRequests / 5}",
            0.25,
            () =>
            {
                using Stream stream = (Stream)session.Run($"Open-QedImage '{ours}' -ReadWrite")[0].BaseObject;
                byte[] buffer = new byte[4096];
                Array.Fill(buffer, (byte)1);
                long at = 0;
                for (int i = 0; i < RandomRequests / 5; i++)
                {
                    stream.Position = at;
                    stream.Write(buffer);
                    at = (at + 1677725696) % size;
                }

                return string.Empty;
            },
            () => Programs.Run("qemu-img", "bench", "-w", "-f", "qed", "-d", "1", "-c", $"{RandomRequests / 5}", "-s", "4096", "-S", "1677725696", "--pattern=1", theirs))
        {
            Before = () =>
            {
                Remove(ours, theirs);
                foreach (string path in new[] { ours, theirs })
                {
                    Programs.Run("qemu-img", "create", "-q", "-f", "qed", path, size.ToString(System.Globalization.CultureInfo.InvariantCulture));
                }
            },
            Agree = (_, _) => true,
        };
    }

    private string Convert(string from, string to)
    {
        session.Run($"Convert-QedImage '{from}' '{to}' -Force -NoFlush");
        return string.Empty;
    }

    private static bool AreEqual(string expected, params string[] paths) => paths.All(path => Programs.Run("qemu-img", "compare", expected, path).Contains("identical", StringComparison.Ordinal));

    private static void Remove(params string[] paths)
    {
        foreach (string path in paths)
        {
            File.Delete(path);
        }
    }

    private static string ByteSize(long bytes) => $"{bytes >> 20} MiB";
}
