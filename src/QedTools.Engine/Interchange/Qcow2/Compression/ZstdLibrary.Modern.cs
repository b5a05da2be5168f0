using System;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>The assembly ZstdSharp, in its own load context: the process may hold another version of it for other code.</summary>
internal static class ZstdLibrary
{
    private const string Name = "ZstdSharp";

    private static readonly Lazy<Assembly> Loaded = new(Load);

    /// <summary>The type ZstdSharp.Decompressor.</summary>
    /// <exception cref="IOException">The assembly is not there.</exception>
    /// <exception cref="TypeLoadException">It has no such type.</exception>
    public static Type Decompressor => TypeOf("ZstdSharp.Decompressor");

    /// <summary>The type ZstdSharp.Compressor.</summary>
    /// <exception cref="IOException">The assembly is not there.</exception>
    /// <exception cref="TypeLoadException">It has no such type.</exception>
    public static Type Compressor => TypeOf("ZstdSharp.Compressor");

    private static Type TypeOf(string name) => Loaded.Value.GetType(name, throwOnError: true)!;

    private static Assembly Load()
    {
        // Without its own file, the engine is part of a program that was published as one file.
        string own = typeof(ZstdLibrary).Assembly.Location;
        string beside = own.Length == 0 ? string.Empty : Path.Combine(Path.GetDirectoryName(own)!, Name + ".dll");
        return File.Exists(beside)
            ? new AssemblyLoadContext("QedTools").LoadFromAssemblyPath(beside)
            : Assembly.Load(new AssemblyName(Name));
    }
}
