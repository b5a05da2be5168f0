using System;
using System.Diagnostics;
using System.Reflection;

namespace QedTools.Mono;

/// <summary>This program, run as a second process that holds a disk open.</summary>
internal sealed class Holder : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it, and returns when it has opened the disk.</summary>
    public Holder(string path, bool writes)
    {
        // The runtime's executable if it is a separate one, as with Mono; otherwise this program itself.
        string host = Process.GetCurrentProcess().MainModule.FileName;
        string program = Assembly.GetExecutingAssembly().Location;
        string command = $"hold \"{path}\" {(writes ? "write" : "read")}";
        bool isProgram = string.Equals(host, program, StringComparison.OrdinalIgnoreCase);
        _process = Process.Start(new ProcessStartInfo(host, isProgram ? command : $"\"{program}\" {command}")
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
