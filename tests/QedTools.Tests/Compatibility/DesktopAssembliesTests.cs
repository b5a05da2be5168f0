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
/// The files that Windows PowerShell loads find each other without a binding redirect, which no module can bring along: .NET
/// Framework takes an assembly for another's reference only in exactly the version that it names.
/// </summary>
public sealed class DesktopAssembliesTests
{
    // What the framework or PowerShell itself has; of these, newer versions stand in for older ones.
    private static readonly string[] OfTheHost = ["netstandard", "mscorlib", "System.Management.Automation"];

    // For asynchronous streams, which the engine does not use: no method that runs names a type of it. QedTools.Mono runs without it.
    private static readonly (string File, string Name)[] NotNeeded = [("ZstdSharp.dll", "System.Threading.Tasks.Extensions")];

    private static string Folder => Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "lib", "Desktop");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.dll").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void What_an_assembly_refers_to_is_beside_it_in_that_version(string file)
    {
        Dictionary<string, Version> shipped = Files.Select(row => Read(row.Data, reader => NameOf(reader))).ToDictionary(name => name.Name, name => name.Version);

        foreach ((string name, Version version) in Read(file, ReferencesOf))
        {
            if (!OfTheHost.Contains(name) && !NotNeeded.Contains((file, name)))
            {
                Assert.True(shipped.TryGetValue(name, out Version? found), $"{file} refers to {name} {version}, which is not in lib/Desktop.");
                Assert.True(version == found, $"{file} refers to {name} {version}, and lib/Desktop has {found}.");
            }
        }
    }

    [Fact]
    public void Nothing_else_is_shipped_than_what_is_referred_to()
    {
        HashSet<string> wanted = [.. Files.SelectMany(row => Read(row.Data, ReferencesOf)).Select(name => name.Name), "QedTools"];

        Assert.All(Files, row => Assert.Contains(Path.GetFileNameWithoutExtension(row.Data), wanted));
    }

    [Fact]
    public void The_newest_standard_that_the_framework_has_is_enough()
    {
        // .NET Framework 4.7.2 brings netstandard 2.0 itself; the manifest asks for that version.
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
