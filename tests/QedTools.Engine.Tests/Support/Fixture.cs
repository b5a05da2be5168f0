using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Reflection;

namespace QedTools.Tests.Support;

/// <summary>The images under tests/fixtures, which real QEMU made; its README says what each holds. Never written to.</summary>
internal static class Fixture
{
    private static readonly string Folder = typeof(Fixture).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "FixtureFolder").Value!;

    /// <summary>The full path of a fixture, such as "images/table-1.qed".</summary>
    public static string PathOf(string name) => Path.GetFullPath(Path.Combine(Folder, name));

    /// <summary>Unpacks a compressed fixture, such as "vhdx/dynamic.vhdx.gz", to a place where a test may change it.</summary>
    public static string Expand(TempFolder folder, string name)
    {
        string copy = folder.PathOf(Path.GetFileNameWithoutExtension(name));
        using GZipStream packed = new(File.OpenRead(PathOf(name)), CompressionMode.Decompress);
        using FileStream file = File.Create(copy);
        packed.CopyTo(file);
        return copy;
    }

    /// <summary>Copies a fixture, with its holes, to a place where a test may change it.</summary>
    public static string CopyTo(TempFolder folder, string name)
    {
        string copy = folder.PathOf(Path.GetFileName(name));
        File.Copy(PathOf(name), copy);
        return copy;
    }
}
