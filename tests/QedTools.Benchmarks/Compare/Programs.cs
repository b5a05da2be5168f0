using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace QedTools.Benchmarks.Compare;

/// <summary>Runs other programs and reads what they print.</summary>
internal static class Programs
{
    private const int PipeBytes = 64 << 10;

    /// <summary>Runs a program to its end and returns its output; throws if the exit code is not an expected one.</summary>
    public static string Run(string program, params string[] arguments) => Encoding.UTF8.GetString(Read(program, arguments));

    /// <summary>The same, with the output as raw bytes.</summary>
    public static byte[] Read(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output, PipeBytes);
        process.WaitForExit();

        // qemu-img check exits with 3 for an image with leaks, and its arithmetic finds some in every large file.
        bool isFine = process.ExitCode == 0 || (arguments is ["check", ..] && process.ExitCode == 3);
        return isFine
            ? output.ToArray()
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited with {process.ExitCode}: {errors.Result}");
    }

    /// <summary>Runs a program to its end; whether it succeeded.</summary>
    public static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            Run(program, arguments);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Whether a program is on the PATH.</summary>
    public static bool IsThere(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
