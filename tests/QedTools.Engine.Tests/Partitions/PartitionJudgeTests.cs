using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Partitions;

/// <summary>Tables that sfdisk and sgdisk write at random are read as sfdisk reads them.</summary>
public sealed class PartitionJudgeTests
{
    private const string SkipReason = "sfdisk and sgdisk are not installed (Debian: fdisk, gdisk)";

    public static bool HasJudges { get; } = Qemu.IsOnPath("sfdisk") && Qemu.IsOnPath("sgdisk") && Qemu.IsOnPath("sh");

    [Fact(Skip = SkipReason, SkipUnless = nameof(HasJudges))]
    public void A_table_is_read_as_sfdisk_reads_it() => Seeded.Run(firstSeed: 44_000, rounds: 30, random =>
    {
        using TempFolder folder = new();
        string path = folder.PathOf("disk.img");
        bool isGpt = random.Next(2) == 0;
        using (FileStream file = File.Create(path))
        {
            // 2 TiB is the most that an MBR can describe.
            file.SetLength(random.Pick(128L << 20, 1L << 30, isGpt ? 3L << 40 : 1L << 40));
        }

        File.WriteAllText(folder.PathOf("script"), isGpt ? GptScript(random) : MbrScript(random));
        (int written, _, string reason) = Qemu.Run("sh", "-c", $"sfdisk --quiet --force '{path}' < '{folder.PathOf("script")}'");
        Assert.True(written == 0, reason);
        if (isGpt && random.Next(3) == 0)
        {
            // Another program's GPT: a hybrid one, or one with a longer table.
            Qemu.Run("sgdisk", [.. random.Pick<string[]>(["--hybrid=1"], ["--resize-table=160"], ["--sort"]), path]);
        }

        (int code, string output, string errors) = Qemu.Run("sfdisk", "--json", path);
        Assert.True(code == 0, errors);
        List<string> warnings = [];
        IReadOnlyList<QedPartition> found = DiskPartitioning.Run(path, new() { SourceFormat = QedDiskFormat.Raw, Trace = new() { Warning = warnings.Add } });
        Assert.Equal(Expected(output), found.Select(Line));
        Assert.Empty(warnings);
    });

    private static string MbrScript(Random random)
    {
        StringBuilder script = new("label: dos\n");
        int primary = random.Next(1, 4);
        for (int i = 0; i < primary; i++)
        {
            script.Append(CultureInfo.InvariantCulture, $",{random.Next(1, 8)}M,{random.Pick("83", "7", "c", "82", "a5")}{(i == 0 ? ",*" : string.Empty)}\n");
        }

        script.Append(CultureInfo.InvariantCulture, $",,{random.Pick("5", "f", "85")}\n");
        for (int i = random.Next(10); i > 0; i--)
        {
            script.Append(CultureInfo.InvariantCulture, $",{random.Next(1, 3)}M,{random.Pick("83", "82", "8e", "fd", "b")}\n");
        }

        return script.ToString();
    }

    private static string GptScript(Random random)
    {
        StringBuilder script = new("label: gpt\n");
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            string type = random.Pick("L", "S", "R", "H", "E6D6D379-F507-44C2-A23C-238F2A3DF928", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", $"{Guid.NewGuid()}");
            script.Append(CultureInfo.InvariantCulture, $"size={random.Next(1, 4)}M, type={type}, name=\"{random.Pick("root", "a b", "EFI system", "x")}{i}\"{random.Pick(string.Empty, ", attrs=LegacyBIOSBootable")}\n");
        }

        return script.ToString();
    }

    private static IEnumerable<string> Expected(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement table = document.RootElement.GetProperty("partitiontable");
        long sector = table.TryGetProperty("sectorsize", out JsonElement size) ? size.GetInt64() : 512;
        bool isGpt = table.GetProperty("label").GetString() == "gpt";
        foreach (JsonElement one in table.GetProperty("partitions").EnumerateArray())
        {
            string number = one.GetProperty("node").GetString()!.Split("disk.img")[1];
            string type = one.GetProperty("type").GetString()!;
            bool isBootable = one.TryGetProperty("bootable", out _) || (Text(one, "attrs")?.Contains("LegacyBIOSBootable", StringComparison.Ordinal) ?? false);
            yield return $"{number} {one.GetProperty("start").GetInt64() * sector} {one.GetProperty("size").GetInt64() * sector} "
                + $"{(isGpt ? type : $"0x{Convert.ToInt32(type, 16):X2}")} '{Text(one, "name")}' {Text(one, "uuid")?.ToLowerInvariant()} {isBootable}";
        }
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string Line(QedPartition one) => $"{one.Number} {one.Start} {one.Length} {one.TypeId} '{one.Name}' {one.Guid} {one.IsBootable}";
}
