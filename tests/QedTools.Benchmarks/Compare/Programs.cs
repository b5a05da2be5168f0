using System;
using System.Diagnostics;

namespace QedTools.Benchmarks.Compare;

/// <summary>Runs other programs and reads what they print.</summary>
internal static class Programs
{
    /// <summary>Runs a program to its end and returns its output; an exit code other than the expected ones is the end.</summary>
    public static string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        // qemu-img check ends with 3 for an image with leaks: its own arithmetic finds some in every large file.
        bool isFine = process.ExitCode == 0 || (arguments is ["check", ..] && process.ExitCode == 3);
        return isFine
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.Result}");
    }
}
