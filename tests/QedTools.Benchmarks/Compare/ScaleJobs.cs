using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace QedTools.Benchmarks.Compare;

/// <summary>Disks of the largest size and folders of many images; only the growth of our own time and memory is of interest.</summary>
internal sealed class ScaleJobs(Session session)
{
    private const int ClusterSize = 64 << 10;

    /// <summary>Whether the temporary folder's file system has files as long as the largest disk: ext4 has not.</summary>
    /// <param name="bytes">The length, in bytes.</param>
    public static bool FileCanHave(long bytes)
    {
        using Inputs inputs = new();
        try
        {
            using FileStream file = File.Create(inputs.PathOf("long"));
            file.SetLength(bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    /// <summary>The check of a disk whose clusters are all mapped.</summary>
    public Job Check(Inputs inputs, long clusters) => OfMapped(
        inputs, clusters, path => $"(Test-QedImage '{path}').AllocatedClusters", clusters.ToString(CultureInfo.InvariantCulture));

    /// <summary>Its map: all of it is a few extents, which takes reading all tables.</summary>
    public Job Map(Inputs inputs, long clusters) => OfMapped(
        inputs,
        clusters,
        path => $"(Get-QedAllocationMap '{path}' | Measure-Object Length -Sum).Sum",
        ((double)clusters * ClusterSize).ToString(CultureInfo.InvariantCulture));

    /// <summary>The facts of all images in a folder.</summary>
    public Job Info(Inputs inputs, long images) => OfMany(inputs, images, folder => $"(Get-QedInfo '{folder}/*.qed').Count", images);

    /// <summary>All overlays of an image in a folder in which every other image is one.</summary>
    public Job Overlays(Inputs inputs, long images) =>
        OfMany(inputs, images, folder => $"@(Get-QedOverlay '{folder}/00000.qed').Count", images / 2);

    private Job OfMapped(Inputs inputs, long clusters, Func<string, string> script, string expected)
    {
        string path = inputs.MappedImage("large.qed", ClusterSize, 4, clusters, swaps: false);
        return new Job(path, 0, () => Require(script(path), expected), () => string.Empty, (_, _) => true)
        {
            Units = clusters,
            Unit = "clusters",
        };
    }

    private Job OfMany(Inputs inputs, long images, Func<string, string> script, long expected)
    {
        string folder = inputs.PathOf("many");
        Directory.CreateDirectory(folder);
        string[] paths = [.. Enumerable.Range(0, (int)images).Select(i => Path.Combine(folder, $"{i:00000}.qed"))];
        for (int i = 0; i < images; i++)
        {
            // Copies are not flushed one by one.
            if (i < 2)
            {
                ImageCreation.Run(paths[i], new ImageCreationOptions { SizeBytes = 1 << 20, BackingFile = i == 1 ? "00000.qed" : null });
            }
            else
            {
                File.Copy(paths[i % 2], paths[i]);
            }
        }

        return new Job(folder, 0, () => Require(script(folder), expected.ToString(CultureInfo.InvariantCulture)), () => string.Empty, (_, _) => true)
        {
            Units = images,
            Unit = "images",
        };
    }

    private string Require(string script, string expected)
    {
        string answer = string.Join(' ', session.Run(script).Select(one => Convert.ToString(one.BaseObject, CultureInfo.InvariantCulture)));
        return answer == expected ? answer : throw new InvalidOperationException($"{script}: {answer} instead of {expected}");
    }
}
