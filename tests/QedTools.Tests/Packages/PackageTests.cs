using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace QedTools.Tests.Packages;

/// <summary>What is published: the module's folder and the packages of the engine and of the shell.</summary>
public sealed class PackageTests(PackageSet packages) : IClassFixture<PackageSet>
{
    private const string EnginePackage = "QedTools.Engine.{0}.nupkg";
    private const string EngineSymbols = "QedTools.Engine.{0}.snupkg";
    private const string ShellPackage = "QedTools.Shell.{0}.nupkg";

    private static readonly string[] ModuleRoot = ["CHANGELOG.md", "LICENSE", "QedTools.psd1", "QedTools.psm1", "THIRD-PARTY-NOTICES.md"];

    private static readonly string[] ModuleCore =
    [
        "lib/Core/QedTools.Engine.dll",
        "lib/Core/QedTools.dll",
        "lib/Core/ZstdSharp.dll",
        "lib/QedTools.Format.ps1xml",
        "lib/QedTools.Types.ps1xml",
        "lib/QedTools.Types.psd1",
        "lib/QedTools.Views.psd1",
    ];

    private static readonly string[] ModuleDesktop =
    [
        "lib/Desktop/QedTools.Engine.dll",
        "lib/Desktop/QedTools.dll",
        "lib/Desktop/System.Buffers.dll",
        "lib/Desktop/System.Memory.dll",
        "lib/Desktop/System.Numerics.Vectors.dll",
        "lib/Desktop/System.Runtime.CompilerServices.Unsafe.dll",
        "lib/Desktop/ZstdSharp.dll",
    ];

    private static IEnumerable<string> Help =>
        PackageSet.FilesIn(Path.Combine(PackageSet.Root, "src", "QedTools", "en-US")).Select(file => "en-US/" + file);

    [Fact]
    public void The_module_ships_exactly_these_files() =>
        Assert.Equal(
            ModuleRoot.Concat(ModuleCore).Concat(ModuleDesktop).Concat(Help).Order(StringComparer.Ordinal),
            PackageSet.FilesIn(packages.ModuleFolder));

    [Fact]
    public void The_engine_package_has_both_builds_with_their_documentation_and_a_readme()
    {
        string folder = packages.Unpack(EnginePackage);

        Assert.Equal(
            [
                "README.md",
                "lib/net8.0/QedTools.Engine.dll",
                "lib/net8.0/QedTools.Engine.xml",
                "lib/netstandard2.0/QedTools.Engine.dll",
                "lib/netstandard2.0/QedTools.Engine.xml",
            ],
            PackageSet.FilesIn(folder).Where(file => file == "README.md" || file.StartsWith("lib/", StringComparison.Ordinal)));
        Assert.Equal("README.md", Value(packages.Metadata(EnginePackage), "readme"));
        Assert.Equal(File.ReadAllText(Path.Combine(PackageSet.Root, "src/QedTools.Engine/README.md")), File.ReadAllText(Path.Combine(folder, "README.md")));
    }

    [Fact]
    public void The_engine_depends_on_ZstdSharp_and_on_System_Memory_where_the_framework_lacks_it()
    {
        Dictionary<string, string[]> dependencies = Elements(packages.Metadata(EnginePackage), "group").ToDictionary(
            group => group.Attribute("targetFramework")!.Value,
            group => group.Elements().Select(dependency => dependency.Attribute("id")!.Value).ToArray());

        Assert.Equal(["System.Memory", "ZstdSharp.Port"], dependencies[".NETStandard2.0"].Order());
        Assert.Equal(["ZstdSharp.Port"], dependencies["net8.0"]);
        Assert.Equal(2, dependencies.Count);
    }

    [Fact]
    public void The_engines_symbols_are_a_separate_package() =>
        Assert.Equal(
            ["lib/net8.0/QedTools.Engine.pdb", "lib/netstandard2.0/QedTools.Engine.pdb"],
            PackageSet.FilesIn(packages.Unpack(EngineSymbols)).Where(file => file.StartsWith("lib/", StringComparison.Ordinal)));

    [Fact]
    public void The_shell_is_a_tool_that_includes_the_module()
    {
        string folder = packages.Unpack(ShellPackage);
        XElement settings = XElement.Load(Path.Combine(folder, "tools/net10.0/any/DotnetToolSettings.xml"));
        XElement command = Assert.Single(Elements(settings, "Command"));

        Assert.Equal("qedtools-shell", command.Attribute("Name")?.Value);
        Assert.Equal("QedTools.Shell.dll", command.Attribute("EntryPoint")?.Value);
        Assert.Equal("README.md", Value(packages.Metadata(ShellPackage), "readme"));
        string[] files = [.. PackageSet.FilesIn(Path.Combine(folder, "tools/net10.0/any"))];
        Assert.All(ModuleRoot.Concat(ModuleCore).Concat(Help), file => Assert.Contains("Modules/QedTools/" + file, files));
        Assert.DoesNotContain(files, file => file.EndsWith(".pdb", StringComparison.Ordinal));
    }

    [Fact]
    public void The_shell_runs_from_its_unpacked_package()
    {
        string folder = Path.Combine(packages.Unpack(ShellPackage), "tools", "net10.0", "any");

        string output = PackageSet.Dotnet(
            Path.Combine(folder, "QedTools.Shell.dll"), "-Command", "$module = Get-Module QedTools; $module.ModuleBase; $module.ExportedCmdlets.Count");

        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string module = Path.Combine(folder, "Modules", "QedTools");
        int cmdlets = Regex.Count(File.ReadAllText(Path.Combine(module, "QedTools.psd1")), "'[A-Z][a-z]+-Qed[A-Za-z]+'");
        Assert.Equal([module, $"{cmdlets}"], lines);
    }

    [Fact]
    public void Scripts_in_the_shell_find_the_module_by_name()
    {
        string folder = Path.Combine(packages.Unpack(ShellPackage), "tools", "net10.0", "any");

        string output = PackageSet.Dotnet(
            Path.Combine(folder, "QedTools.Shell.dll"), "-Command", "(Import-Module QedTools -PassThru).ModuleBase; 1 | ForEach-Object -Parallel { (Get-Command Get-QedInfo).Module.ModuleBase }");

        string module = Path.Combine(folder, "Modules", "QedTools");
        Assert.Equal([module, module], output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public void All_packages_and_assemblies_have_the_version_of_the_manifest()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+$", PackageSet.Version);
        Assert.Equal(PackageSet.Version, Value(packages.Metadata(EnginePackage), "version"));
        Assert.Equal(PackageSet.Version, Value(packages.Metadata(ShellPackage), "version"));
        string[] assemblies =
        [
            .. Directory.EnumerateFiles(packages.ModuleFolder, "QedTools*.dll", SearchOption.AllDirectories),
            Path.Combine(packages.Unpack(ShellPackage), "tools/net10.0/any/QedTools.Shell.dll"),
        ];
        Assert.Equal(5, assemblies.Length);
        Assert.All(assemblies, path =>
        {
            Assert.Equal(PackageSet.Version + ".0", VersionOf(path));
            Assert.Equal(PackageSet.Version + ".0", FileVersionInfo.GetVersionInfo(path).FileVersion);
        });
    }

    [Theory]
    [InlineData(EnginePackage)]
    [InlineData(ShellPackage)]
    public void A_package_has_a_licence_a_description_and_tags(string file)
    {
        XElement metadata = packages.Metadata(file);

        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.NotEmpty(Value(metadata, "description"));
        Assert.NotEmpty(Value(metadata, "tags"));
    }

    private static IEnumerable<XElement> Elements(XElement element, string name) =>
        element.Descendants().Where(found => found.Name.LocalName == name);

    private static string Value(XElement element, string name) => Elements(element, name).Single().Value;

    private static string VersionOf(string path)
    {
        using PEReader image = new(File.OpenRead(path));
        return image.GetMetadataReader().GetAssemblyDefinition().Version.ToString();
    }
}
