using System;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Reflection;
using QedTools.Shell;
using Xunit;

namespace QedTools.Tests.Compatibility;

/// <summary>Another module has loaded an older ZstdSharp in the same session: each module gets its own version.</summary>
public sealed class LibraryConflictTests : IDisposable
{
    private const string LoadOlder = "$null = [System.Reflection.Assembly]::LoadFrom('{0}')";

    // The image was made by qemu-img: 64 KiB of the byte 0x35 and 512 bytes of 0x36 (tests/fixtures/README.md).
    private const string LoadOurs =
        """
        Import-Module '{1}'
        $stream = Open-QedImage '{2}'
        $disk = [byte[]]::new(66048)
        $stream.ReadExactly($disk, 0, $disk.Length)
        $stream.Dispose()
        ($disk | Group-Object | ForEach-Object { "$($_.Count)x$($_.Name)" }) -join ' '
        """;

    // Compresses and decompresses a thousand bytes, and reports the version that did it.
    private const string UseOlder =
        """
        $packed = [System.IO.MemoryStream]::new()
        $pack = [ZstdSharp.CompressionStream]::new($packed, 3, 0, $true)
        $pack.Write([byte[]]::new(1000), 0, 1000)
        $pack.Dispose()
        $packed.Position = 0
        $unpacked = [System.IO.MemoryStream]::new()
        [ZstdSharp.DecompressionStream]::new($packed).CopyTo($unpacked)
        $unpacked.Length
        [ZstdSharp.CompressionStream].Assembly.GetName().Version.ToString()
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("qedtools-tests-").FullName;

    private static string OlderZstdSharp { get; } = typeof(LibraryConflictTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(fact => fact.Key == "OlderZstdSharp").Value!;

    [Theory]
    [InlineData(LoadOlder, LoadOurs, UseOlder)]
    [InlineData(LoadOurs, LoadOlder, UseOlder)]
    [InlineData(LoadOlder, UseOlder, LoadOurs)]
    public void Both_versions_work_in_one_session_whichever_is_loaded_first(params string[] script)
    {
        string text = string.Join(Environment.NewLine, script.Select(part => part
            .Replace("{0}", OlderZstdSharp, StringComparison.Ordinal)
            .Replace("{1}", ModuleSession.ManifestPath, StringComparison.Ordinal)
            .Replace("{2}", Unpack("qcow2/zstd.qcow2.gz"), StringComparison.Ordinal)));

        string[] output = RunPowerShell(text);

        Assert.Equal(["0.7.3.0", "1000", "65536x53 512x54"], output.Order(StringComparer.Ordinal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // This program can also act as PowerShell: see Program.
    private static string[] RunPowerShell(string script)
    {
        string host = Environment.ProcessPath!;
        ProcessStartInfo start = new(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(typeof(LibraryConflictTests).Assembly.Location);
        }

        foreach (string argument in new[] { "pwsh", "-NoProfile", "-NonInteractive", "-Command", script })
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", errors.Result);
        return output.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    private string Unpack(string fixture)
    {
        string path = Path.Combine(_folder, Path.GetFileNameWithoutExtension(fixture));
        using GZipStream packed = new(File.OpenRead(Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "tests", "fixtures", fixture)), CompressionMode.Decompress);
        using FileStream file = File.Create(path);
        packed.CopyTo(file);
        return path;
    }
}
