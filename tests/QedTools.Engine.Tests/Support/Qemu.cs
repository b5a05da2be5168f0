using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>QEMU's own programs, where they are installed.</summary>
internal static class Qemu
{
    public const string SkipReason = "qemu-img and qemu-io are not installed (Debian: qemu-utils)";

    /// <summary>Whether qemu-img and qemu-io are on the PATH; tests name it in SkipUnless.</summary>
    public static bool IsInstalled { get; } = IsOnPath("qemu-img") && IsOnPath("qemu-io");

    /// <summary>Runs qemu-img and returns its output; if it fails, the test fails.</summary>
    public static string Img(params string[] arguments)
    {
        (int code, string output, string errors) = Run("qemu-img", arguments);
        Assert.True(code == 0, $"qemu-img {string.Join(' ', arguments)} ended with {code}: {errors}");
        return output;
    }

    /// <summary>Runs qemu-io commands on an image and returns their output.</summary>
    public static string Io(string image, string format, params string[] commands)
    {
        string[] arguments = [.. commands.SelectMany(command => new[] { "-c", command }), "-f", format, image];
        (int code, string output, string errors) = Run("qemu-io", arguments);
        Assert.True(code == 0, $"qemu-io {string.Join(' ', arguments)} ended with {code}: {output} {errors}");
        return output;
    }

    /// <summary>Runs a program and returns its exit code, output and errors.</summary>
    public static (int Code, string Output, string Errors) Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException(program);
        process.StandardInput.Close();
        System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    /// <summary>Whether a program can be started by its name.</summary>
    public static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
