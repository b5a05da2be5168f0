using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;
using Microsoft.PowerShell;
using QedTools.Shell;

namespace QedTools.Tests.Pester;

/// <summary>A Pester file. Its tests are known before it runs, and it runs once, in a new session.</summary>
internal sealed class PesterFile
{
    private readonly string _path;
    private IReadOnlyList<PesterTest> _results = [];
    private bool _hasRun;

    private PesterFile(string path, IReadOnlyList<PesterTest> tests)
    {
        _path = path;
        Tests = tests;
    }

    /// <summary>The file name without the extension .Tests.ps1.</summary>
    public string Name => Path.GetFileName(_path).Replace(".Tests.ps1", "", StringComparison.Ordinal);

    /// <summary>The tests, in order. A file without tests, or one that Pester could not read, has one failed test.</summary>
    public IReadOnlyList<PesterTest> Tests { get; }

    /// <summary>Has Pester discover the tests in the given files.</summary>
    public static IReadOnlyList<PesterFile> Discover(IReadOnlyCollection<string> paths)
    {
        Dictionary<string, PSObject> found = Invoke(paths, skipRun: true, CancellationToken.None).ToDictionary(file => Text(file, "Path"));
        return [.. paths.Select(path => new PesterFile(path, found.TryGetValue(path, out PSObject? file) ? TestsOf(file) : []))
            .Select(file => file.Tests.Count > 0 ? file : new PesterFile(file._path, [PesterTest.Failure("has tests", "Pester found none.", "")]))];
    }

    /// <summary>The result of a test; the first call runs the file.</summary>
    public PesterTest ResultOf(int index, CancellationToken cancellation)
    {
        if (Tests[index].Result == PesterTest.Failed)
        {
            return Tests[index];
        }

        if (!_hasRun)
        {
            _hasRun = true;
            _results = [.. Invoke([_path], skipRun: false, cancellation).SelectMany(TestsOf)];
        }

        return _results.Count == Tests.Count
            ? _results[index]
            : PesterTest.Failure(Tests[index].Name, $"The file had {Tests.Count} tests when it was discovered, but {_results.Count} when it ran.", "");
    }

    private static List<PSObject> Invoke(IEnumerable<string> paths, bool skipRun, CancellationToken cancellation)
    {
        InitialSessionState state = ModuleSession.Create();
        if (OperatingSystem.IsWindows())
        {
            // Other systems have no execution policy.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        state.ThrowOnRunspaceOpenError = true;
        using Runspace runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        using PowerShell shell = PowerShell.Create(runspace);
        using CancellationTokenRegistration registration = cancellation.Register(() => shell.Stop());
        shell.AddCommand(Path.Combine(PesterFiles.Folder, "Pester", "Invoke-PesterFile.ps1"))
            .AddParameter("Manifest", PesterModule.ManifestPath)
            .AddParameter("Path", paths.ToArray())
            .AddParameter("SkipRun", skipRun);
        return [.. shell.Invoke()];
    }

    private static List<PesterTest> TestsOf(PSObject file)
    {
        List<PesterTest> tests = [.. LanguagePrimitives.GetEnumerable(file.Properties["Tests"].Value).Cast<object>().Select(test => PesterTest.From(PSObject.AsPSObject(test)))];
        return Text(file, "Message") is { Length: > 0 } message ? [PesterTest.Failure("can be discovered", message, Text(file, "Stack"))] : tests;
    }

    private static string Text(PSObject item, string property) => $"{item.Properties[property].Value}";
}
