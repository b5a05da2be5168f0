using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace QedTools.Tests.Pester;

/// <summary>The Pester that runs the files: the default version, or the one that QEDTOOLS_PESTER names.</summary>
internal static class PesterModule
{
    private static readonly Dictionary<string, string?> Metadata =
        typeof(PesterModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(attribute => attribute.Key.Contains("Pester", StringComparison.Ordinal))
            .ToDictionary(attribute => attribute.Key, attribute => attribute.Value);

    /// <summary>The path of the module's manifest in the NuGet package folder, as found by the build.</summary>
    /// <exception cref="InvalidOperationException">The build did not restore that version.</exception>
    public static string ManifestPath
    {
        get
        {
            string version = Environment.GetEnvironmentVariable("QEDTOOLS_PESTER") is { Length: > 0 } requested ? requested : Metadata["DefaultPester"]!;
            string manifest = Metadata.GetValueOrDefault($"Pester {version}")
                ?? throw new InvalidOperationException($"QEDTOOLS_PESTER is '{version}'; the build restored {string.Join(" and ", Metadata.Keys.Where(key => key.StartsWith("Pester ", StringComparison.Ordinal)))}.");
            return File.Exists(manifest)
                ? manifest
                : throw new FileNotFoundException($"Pester {version} is no longer at '{manifest}', where it was when the tests were built. Build them again.", manifest);
        }
    }
}
