using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

/// <summary>A file of the engine uses the rooms above its own and none below, and no format uses another (docs/architecture.md).</summary>
public sealed partial class RoomsTests
{
    // From the top; a folder that is not listed belongs to its nearest listed parent.
    private static readonly string[] Rooms =
        ["Storage", "Disks", "Partitions", "Serving", "Qed/Format", "Qed/Files", "Qed/Metadata", "Qed/Checking", "Qed", "Interchange", "Chains", "Operations"];

    [Fact]
    public void No_file_uses_a_room_below_its_own()
    {
        Dictionary<string, string> sources = Sources();
        Assert.Equal([], DownwardReferences(sources));
        Assert.InRange(sources.Count, 150, int.MaxValue);
    }

    [Theory]
    [InlineData("Storage/New.cs", "BackingChain")]
    [InlineData("Qed/Metadata/New.cs", "QedImage")]
    [InlineData("Interchange/Vhd/New.cs", "VhdxLayer")]
    [InlineData("Interchange/Vhd/New.cs", "QedGeometry")]
    [InlineData("Disks/New.cs", "QedHeader")]
    [InlineData("Serving/New.cs", "BackingChain")]
    public void A_downward_reference_is_found(string file, string type)
    {
        Dictionary<string, string> sources = Sources();
        sources.Add(file, $"namespace QedTools;\n\ninternal sealed class New\n{{\n    private readonly {type}? _below; // the text \"{type}\" does not count\n}}\n");

        Assert.StartsWith($"{file} uses {type} of ", Assert.Single(DownwardReferences(sources)), StringComparison.Ordinal);
    }

    [Fact]
    public void No_engine_text_names_a_cmdlet_or_a_parameter()
    {
        Assert.Equal([], PowerShellWords(Sources()));
        Assert.Equal(
            ["Storage/New.cs: Test-QedImage", "Storage/New.cs: -Force"],
            PowerShellWords(new() { ["Storage/New.cs"] = "string a = \"Test-QedImage\"; // -Path\nstring b = $\"'{a}' is there. Use -Force.\"; int c = b -Abs;\n" }));
    }

    // Completers may use the formats' geometry, to show what a size allows.
    [Fact]
    public void The_cmdlets_use_only_the_public_parts_of_the_engine_and_operations_and_disks()
    {
        Dictionary<string, string> cmdlets = Sources("QedTools");
        Assert.Equal([], InwardReferences(cmdlets));
        Assert.InRange(cmdlets.Count, 50, int.MaxValue);

        Dictionary<string, string> looking = new() { ["Commands/New.cs"] = "using QedTools.Disks;\nusing QedTools.Storage;\n", ["Completion/New.cs"] = "using QedTools.Qed.Format;\n" };
        Assert.Equal(["Commands/New.cs: QedTools.Storage"], InwardReferences(looking));
    }

    private static List<string> InwardReferences(Dictionary<string, string> cmdlets) =>
        [.. from cmdlet in cmdlets
            where !cmdlet.Key.StartsWith("Completion/", StringComparison.Ordinal)
            from used in UsingOfRoom().Matches(cmdlet.Value)
            let room = used.Groups[1].Value
            where Rooms.Any(one => one.Split('/')[0] == room) && room is not ("Disks" or "Operations")
            select $"{cmdlet.Key}: {used.Value.Split(' ')[1]}"];

    private static List<string> PowerShellWords(Dictionary<string, string> sources) =>
        [.. from source in sources
            from text in TextOrComment().Matches(source.Value)
            where !text.Value.StartsWith('/')
            from word in PowerShellWord().Matches(text.Value)
            select $"{source.Key}: {word.Value}"];

    // Types are found by name: those of the public API share one namespace, whatever room they are in.
    private static List<string> DownwardReferences(Dictionary<string, string> sources)
    {
        Dictionary<string, string[]> homes = sources
            .SelectMany(source => TypeDeclaration().Matches(source.Value).Select(match => (Type: match.Groups[1].Value, File: source.Key)))
            .GroupBy(home => home.Type, home => home.File, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Distinct().ToArray(), StringComparer.Ordinal);
        List<string> found = [];
        foreach ((string file, string text) in sources)
        {
            string code = TextOrComment().Replace(text, " ");
            foreach (string type in Name().Matches(code).Select(match => match.Value).Distinct())
            {
                if (homes.TryGetValue(type, out string[]? files) && files.All(home => IsBelow(file, home)))
                {
                    found.Add($"{file} uses {type} of {files[0]}");
                }
            }
        }

        return found;
    }

    private static bool IsBelow(string file, string home)
    {
        int room = RoomOf(file);
        int other = RoomOf(home);
        return room >= 0 && (other > room || (Rooms[room] == "Interchange" && home.StartsWith("Qed/", StringComparison.Ordinal)) || (Rooms[room] == "Interchange" && other == room && FormatOf(file) is { } one && FormatOf(home) is { } another && one != another));
    }

    // -1 for a file outside the rooms, which all may use.
    private static int RoomOf(string file)
    {
        for (string folder = file; folder.Contains('/', StringComparison.Ordinal);)
        {
            folder = folder[..folder.LastIndexOf('/')];
            if (Array.IndexOf(Rooms, folder) is >= 0 and var room)
            {
                return room;
            }
        }

        return -1;
    }

    private static string? FormatOf(string file) => file.Split('/') is [_, var format, _, ..] ? format : null;

    private static Dictionary<string, string> Sources(string project = "QedTools.Engine")
    {
        string root = Fixture.PathOf($"../../src/{project}");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: path, Name: Path.GetRelativePath(root, path).Replace('\\', '/')))
            .Where(file => !file.Name.StartsWith("obj/", StringComparison.Ordinal) && !file.Name.StartsWith("bin/", StringComparison.Ordinal))
            .ToDictionary(file => file.Name, file => File.ReadAllText(file.Path), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^(?:(?:public|internal|sealed|static|abstract|readonly|partial|ref|unsafe) )*(?:class|struct|interface|enum|record struct|record) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^using QedTools\.(\w+)[\w.]*(?=;)", RegexOptions.Multiline)]
    private static partial Regex UsingOfRoom();

    [GeneratedRegex("'(?:\\\\.|[^'\\\\])'|\"\"\"[\\s\\S]*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*")]
    private static partial Regex TextOrComment();

    // Verb-QedNoun, or a hyphen and a capital letter at the start of a word.
    [GeneratedRegex(@"\b[A-Z][a-z]+-[A-Z]\w+|(?<=[\s""'(])-[A-Z][a-z]\w*")]
    private static partial Regex PowerShellWord();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Name();
}
