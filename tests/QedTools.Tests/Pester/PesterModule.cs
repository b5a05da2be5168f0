using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace QedTools.Tests.Pester;

/// <summary>Which Pester runs the files: the default one, or the version that QEDTOOLS_PESTER names.</summary>
internal static class PesterModule
{
    private static readonly Dictionary<string, string?> Facts =
        typeof(PesterModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(fact => fact.Key.Contains("Pester", StringComparison.Ordinal))
            .ToDictionary(fact => fact.Key, fact => fact.Value);

    /// <summary>The module's manifest in the folder of NuGet's packages, as the build found it.</summary>
    /// <exception cref="InvalidOperationException">The build did not restore that version.</exception>
    public static string ManifestPath
    {
        get
        {
            string version = Environment.GetEnvironmentVariable("QEDTOOLS_PESTER") is { Length: > 0 } wanted ? wanted : Facts["DefaultPester"]!;
            string manifest = Facts.GetValueOrDefault($"Pester {version}")
                ?? throw new InvalidOperationException($"QEDTOOLS_PESTER is '{version}'; the tests have {string.Join(" and ", Facts.Keys.Where(key => key.StartsWith("Pester ", StringComparison.Ordinal)))}.");
            return File.Exists(manifest)
                ? manifest
                : throw new FileNotFoundException($"Pester {version} is not where it was when the tests were built, '{manifest}'. Build them again.", manifest);
        }
    }
}
