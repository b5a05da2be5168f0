using System;
using System.Diagnostics;
using System.Reflection;

namespace QedTools.Mono;

/// <summary>This program as a second process, which holds a disk open.</summary>
internal sealed class Holder : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it, and returns when it has the disk.</summary>
    public Holder(string path, bool writes)
    {
        // The runtime where there is one to name, as with Mono; else this program itself.
        string host = Process.GetCurrentProcess().MainModule.FileName;
        string program = Assembly.GetExecutingAssembly().Location;
        string words = $"hold \"{path}\" {(writes ? "write" : "read")}";
        bool isProgram = string.Equals(host, program, StringComparison.OrdinalIgnoreCase);
        _process = Process.Start(new ProcessStartInfo(host, isProgram ? words : $"\"{program}\" {words}")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        });
        string? line = _process.StandardOutput.ReadLine();
        if (line != "held")
        {
            throw new InvalidOperationException($"The second process could not open the disk: {line}");
        }
    }

    /// <summary>What the second process does.</summary>
    public static int Run(string path, bool writes)
    {
        try
        {
            using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = writes });
            Console.WriteLine("held");
            Console.In.ReadToEnd();
            return 0;
        }
        catch (QedException e)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Kills it.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
