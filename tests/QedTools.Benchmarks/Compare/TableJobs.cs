using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs that read only tables, not data.</summary>
internal sealed class TableJobs(Session session)
{
    private const int TableSize = 4;
    private const int MaxAsked = 50;

    public Job Check(Inputs inputs, int clusterSize, long clusters, double target)
    {
        string path = inputs.MappedImage("check.qed", clusterSize, TableSize, clusters, swaps: false);
        return new Job(
            $"Test-QedImage, {Count(clusters)} clusters of {clusterSize >> 10} KiB",
            target,
            () => session.Run($"$r = Test-QedImage '{path}'; \"$($r.AllocatedClusters) $($r.CorruptionCount)\"")[0].ToString(),
            () => Programs.Run("qemu-img", "check", "--output=json", path),
            (ours, theirs) =>
            {
                using JsonDocument document = JsonDocument.Parse(theirs);
                long allocated = document.RootElement.GetProperty("allocated-clusters").GetInt64();
                long corruptions = document.RootElement.TryGetProperty("corruptions", out JsonElement value) ? value.GetInt64() : 0;
                return ours == $"{allocated} {corruptions}";
            })
        {
            Units = clusters,
            Unit = "clusters",
        };
    }

    public Job Map(Inputs inputs, long extents) =>
        MapJob(
            inputs,
            extents,
            $"Get-QedAllocationMap, {Count(extents)} extents as objects",
            0.25,
            path => $"Get-QedAllocationMap '{path}' | & {{ begin {{ $n = 0 }} process {{ $n++ }} end {{ $n }} }}",
            (ours, theirs) => ours == Extents(theirs).Count.ToString(CultureInfo.InvariantCulture));

    public Job MapToJsonLines(Inputs inputs, long extents)
    {
        string lines = inputs.PathOf("map.jsonl");
        return MapJob(
            inputs,
            extents,
            $"Get-QedAllocationMap -State Data to a file of JSON lines, {Count(extents)} extents",
            0.8,
            path => $$$$"""
                $to = [System.IO.StreamWriter]::new('{{{{lines}}}}')
                Get-QedAllocationMap '{{{{path}}}}' -State Data | & { process {
                    $to.WriteLine('{{"start":{0},"length":{1},"depth":{2},"offset":{3}}}', $_.Start, $_.Length, $_.Depth, $_.FileOffset) } }
                $to.Dispose()
                ''
                """,
            (_, theirs) => File.ReadLines(lines).Select(line => Extent(Encoding.UTF8.GetBytes(line))).SequenceEqual(Extents(theirs)));
    }

    public Job MapToWhereObject(Inputs inputs, long extents) =>
        MapJob(
            inputs,
            extents,
            $"Get-QedAllocationMap to Where-Object State -eq Data, {Count(extents)} extents",
            0.8,
            path => $"Get-QedAllocationMap '{path}' | Where-Object State -eq Data | & {{ begin {{ $n = 0 }} process {{ $n++ }} end {{ $n }} }}",
            (ours, theirs) => ours == Extents(theirs).Count.ToString(CultureInfo.InvariantCulture));

    // Does not use our code at all: the lower bound for the row before this one.
    public Job WhereObjectAlone(Inputs inputs, long extents) =>
        MapJob(
            inputs,
            extents,
            $"PowerShell's own 1..{Count(extents)} to Where-Object {{ $true }}, beside the same map",
            0.8,
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"1..{extents} | Where-Object {{ $true }} | & {{ begin {{ $n = 0 }} process {{ $n++ }} end {{ $n }} }}"),
            (ours, theirs) => ours == Extents(theirs).Count.ToString(CultureInfo.InvariantCulture));

    public Job Info(Inputs inputs, int images)
    {
        int asked = Math.Min(images, MaxAsked);
        string folder = inputs.PathOf("many");
        Directory.CreateDirectory(folder);
        string[] paths = [.. Enumerable.Range(0, images).Select(i => Path.Combine(folder, $"{i:000}.qed"))];
        for (int i = 0; i < images; i++)
        {
            ImageCreation.Run(paths[i], new ImageCreationOptions { SizeBytes = (i + 1L) << 20 });
        }

        return new Job(
            $"Get-QedInfo, {images} images in one pipeline, against one qemu-img info each (timed for {asked})",
            0.016,
            () => string.Join(' ', session.Run($"Get-QedInfo '{folder}/*.qed' | & {{ process {{ $_.VirtualSize }} }}")),
            () => string.Join(' ', paths.Take(asked).Select(path => SizeIn(Programs.Run("qemu-img", "info", "--output=json", path)))),
            (ours, theirs) => (ours + ' ').StartsWith(theirs + ' ', StringComparison.Ordinal) && ours.Split(' ').Length == images)
        {
            TheirShare = images / (double)asked,
        };

        static long SizeIn(string json)
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("virtual-size").GetInt64();
        }
    }

    private Job MapJob(
        Inputs inputs, long extents, string name, double target, Func<string, string> script, Func<string, byte[], bool> agree)
    {
        string path = inputs.MappedImage("map.qed", 65536, TableSize, extents, swaps: true);
        string ours = script(path);
        byte[] theirs = [];
        return new Job(
            name,
            target,
            () => session.Run(ours)[0].ToString(),
            () =>
            {
                theirs = Programs.Read("qemu-img", "map", "--output=json", path);
                return string.Empty;
            },
            (answer, _) => agree(answer, theirs))
        {
            Units = extents,
            Unit = "extents",
        };
    }

    private static List<MapEntry> Extents(byte[] json)
    {
        List<MapEntry> entries = [];
        Utf8JsonReader reader = new(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                entries.Add(Extent(ref reader));
            }
        }

        return entries;
    }

    private static MapEntry Extent(byte[] line)
    {
        Utf8JsonReader reader = new(line);
        reader.Read();
        return Extent(ref reader);
    }

    private static MapEntry Extent(ref Utf8JsonReader reader)
    {
        MapEntry entry = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            entry = name switch
            {
                "start" => entry with { Start = reader.GetInt64() },
                "length" => entry with { Length = reader.GetInt64() },
                "depth" => entry with { Depth = reader.GetInt64() },
                "offset" => entry with { Offset = reader.GetInt64() },
                _ => entry,
            };
        }

        return entry;
    }

    private static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private readonly record struct MapEntry(long Start, long Length, long Depth, long Offset);
}
