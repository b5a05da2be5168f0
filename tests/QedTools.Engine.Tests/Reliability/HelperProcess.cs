using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using QedTools.Tests.Support;

namespace QedTools.Tests.Reliability;

/// <summary>The program tests/QedTools.CrashWriter in a separate process.</summary>
internal sealed class HelperProcess : IDisposable
{
    private readonly Process _process;

    public HelperProcess(params string[] arguments)
        : this([], arguments)
    {
    }

    private HelperProcess(string[] launcher, string[] arguments)
    {
        // Tests published with their runtime find no other runtime.
        string program = Path.Combine(AppContext.BaseDirectory, "QedTools.CrashWriter");
        bool isPublished = OperatingSystem.IsWindows() && File.Exists(Path.Combine(AppContext.BaseDirectory, "coreclr.dll"));
        string host = isPublished ? program + ".exe" : DotnetHost();
        ProcessStartInfo start = new(launcher.Length > 0 ? launcher[0] : host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in launcher.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        if (launcher.Length > 0)
        {
            start.ArgumentList.Add(host);
        }

        if (!isPublished)
        {
            start.ArgumentList.Add(program + ".dll");
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Make it start quickly, which is most of its work.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TieredCompilation"] = "1";
        _process = Process.Start(start) ?? throw new InvalidOperationException(program);
    }

    /// <summary>Starts the program through another one that then executes it, such as nohup.</summary>
    public static HelperProcess Under(string[] launcher, params string[] arguments) => new(launcher, arguments);

    /// <summary>Starts the program with no signal ignored, even if these tests run under nohup.</summary>
    public static HelperProcess HearingSignals(params string[] arguments) =>
        new(OperatingSystem.IsLinux() ? ["env", "--default-signal"] : [], arguments);

    /// <summary>The process ID.</summary>
    public string Id => _process.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The exit code, after <see cref="Finish"/>; for a process ended by a signal, 128 plus the signal's number.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Waits until it has ended.</summary>
    /// <exception cref="TimeoutException">The process does not end.</exception>
    public void Wait()
    {
        if (!_process.WaitForExit(Patience.Limit))
        {
            throw new TimeoutException($"The process {Id} does not end.");
        }
    }

    /// <summary>The next line that it writes; null at the end.</summary>
    public string? ReadLine() => _process.StandardOutput.ReadLine();

    /// <summary>Its standard error output; waits until it ends.</summary>
    public string Errors => _process.StandardError.ReadToEnd();

    /// <summary>Kills it at once (SIGKILL) and returns the output that has not been read yet.</summary>
    public IReadOnlyList<string> Kill()
    {
        _process.Kill();
        List<string> lines = [];
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        _process.WaitForExit();
        return lines;
    }

    /// <summary>Lets it end by itself.</summary>
    public void Finish()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string DotnetHost() =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
}
