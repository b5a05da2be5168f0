using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using QedTools.Shell;
using Xunit;

namespace QedTools.Tests.Compatibility;

/// <summary>
/// The files that Windows PowerShell loads find each other without binding redirects, which a module cannot supply: .NET
/// Framework resolves a reference only to exactly the version that it names.
/// </summary>
public sealed class DesktopAssembliesTests
{
    // Assemblies of the framework or of PowerShell itself; newer versions of them replace older ones.
    private static readonly string[] HostAssemblies = ["netstandard", "mscorlib", "System.Management.Automation"];

    // Used for asynchronous streams, which the engine does not use: no method that runs names a type from it. QedTools.Mono runs without it.
    private static readonly (string File, string Name)[] NotNeeded = [("ZstdSharp.dll", "System.Threading.Tasks.Extensions")];

    private static string Folder => Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "lib", "Desktop");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.dll").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_reference_of_an_assembly_is_shipped_in_exactly_that_version(string file)
    {
        Dictionary<string, Version> shipped = Files.Select(row => Read(row.Data, reader => NameOf(reader))).ToDictionary(name => name.Name, name => name.Version);

        foreach ((string name, Version version) in Read(file, ReferencesOf))
        {
            if (!HostAssemblies.Contains(name) && !NotNeeded.Contains((file, name)))
            {
                Assert.True(shipped.TryGetValue(name, out Version? found), $"{file} refers to {name} {version}, which is not in lib/Desktop.");
                Assert.True(version == found, $"{file} refers to {name} {version}, and lib/Desktop has {found}.");
            }
        }
    }

    [Fact]
    public void Every_shipped_assembly_is_referenced()
    {
        HashSet<string> referenced = [.. Files.SelectMany(row => Read(row.Data, ReferencesOf)).Select(name => name.Name), "QedTools"];

        Assert.All(Files, row => Assert.Contains(Path.GetFileNameWithoutExtension(row.Data), referenced));
    }

    [Fact]
    public void The_assemblies_need_no_newer_standard_than_the_framework_supports()
    {
        // .NET Framework 4.7.2 includes netstandard 2.0; the manifest requires that version.
        Assert.All(
            Files.SelectMany(row => Read(row.Data, ReferencesOf)).Where(name => name.Name == "netstandard"),
            name => Assert.Equal(new Version(2, 0, 0, 0), name.Version));
        Assert.Contains("DotNetFrameworkVersion = '4.7.2'", File.ReadAllText(ModuleSession.ManifestPath), StringComparison.Ordinal);
    }

    private static T Read<T>(string file, Func<MetadataReader, T> read)
    {
        using PEReader image = new(File.OpenRead(Path.Combine(Folder, file)));
        return read(image.GetMetadataReader());
    }

    private static (string Name, Version Version) NameOf(MetadataReader reader)
    {
        AssemblyDefinition assembly = reader.GetAssemblyDefinition();
        return (reader.GetString(assembly.Name), assembly.Version);
    }

    private static List<(string Name, Version Version)> ReferencesOf(MetadataReader reader) =>
        [.. reader.AssemblyReferences.Select(reader.GetAssemblyReference).Select(reference => (reader.GetString(reference.Name), reference.Version))];
}
