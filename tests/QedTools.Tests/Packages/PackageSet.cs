using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using QedTools.Shell;

namespace QedTools.Tests.Packages;

/// <summary>The output of <c>build.ps1 -Task Package</c>, made from the builds that these tests run against.</summary>
public sealed class PackageSet : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "qedtools-tests-" + Guid.NewGuid().ToString("N"));

    public PackageSet()
    {
        ModuleFolder = Path.Combine(_folder, "module") + Path.DirectorySeparatorChar;
        Directory.CreateDirectory(_folder);
        try
        {
            Dotnet("msbuild", "src/QedTools/QedTools.csproj", "-t:DispatchToInnerBuilds", "-p:InnerTargets=LayOutModule", $"-p:ModuleFolder={ModuleFolder}", $"-p:Configuration={Configuration}");
            Dotnet("pack", "src/QedTools.Engine/QedTools.Engine.csproj", "--no-build", "--output", _folder, "--configuration", Configuration);
            Dotnet("pack", "src/QedTools.Shell/QedTools.Shell.csproj", "--no-build", "--output", _folder, "--configuration", Configuration);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The root folder of the repository.</summary>
    public static string Root { get; } = Path.GetDirectoryName(ModuleSession.ManifestPath)!;

    /// <summary>The version in the manifest.</summary>
    public static string Version { get; } =
        Regex.Match(File.ReadAllText(ModuleSession.ManifestPath), @"ModuleVersion\s*=\s*'(.+)'").Groups[1].Value;

    /// <summary>The module's folder, as published.</summary>
    public string ModuleFolder { get; }

    private static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The relative paths of all files in a folder, with slashes, in order.</summary>
    public static IEnumerable<string> FilesIn(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>Unpacks a NuGet package and returns the folder.</summary>
    /// <param name="file">The package's file name, with {0} in place of the version.</param>
    public string Unpack(string file)
    {
        string path = Path.Combine(_folder, string.Format(null, file, Version));
        string folder = path + ".unpacked";
        if (!Directory.Exists(folder))
        {
            ZipFile.ExtractToDirectory(path, folder);
        }

        return folder;
    }

    /// <summary>The metadata of a NuGet package.</summary>
    public XElement Metadata(string file)
    {
        XElement root = XElement.Load(Directory.EnumerateFiles(Unpack(file), "*.nuspec").Single());
        return root.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    /// <summary>Runs dotnet in the repository and returns its output.</summary>
    /// <exception cref="InvalidOperationException">dotnet failed.</exception>
    public static string Dotnet(params string[] arguments)
    {
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        ProcessStartInfo start = new(host, arguments) { WorkingDirectory = Root, RedirectStandardOutput = true };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} exited with {process.ExitCode}:\n{output}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
