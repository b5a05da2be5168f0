using System;
using System.Diagnostics;
using System.Text;

namespace QedTools.Tests.Interop;

/// <summary>A qemu-io that keeps an image open until this is disposed.</summary>
internal sealed class QemuSession : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts qemu-io and returns when it has the image open.</summary>
    public QemuSession(string image, string format, bool readOnly = false)
    {
        ProcessStartInfo start = new("qemu-io")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in readOnly ? ["-r", "-f", format, image] : new[] { "-f", format, image })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("qemu-io");
        try
        {
            Command("length", until: "B\n");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs a command and returns the output up to and including <paramref name="until"/>.</summary>
    public string Command(string command, string until)
    {
        _process.StandardInput.Write(command + "\n");
        _process.StandardInput.Flush();
        StringBuilder answer = new();
        while (!answer.ToString().EndsWith(until, StringComparison.Ordinal))
        {
            int next = _process.StandardOutput.Read();
            if (next < 0)
            {
                throw new InvalidOperationException($"qemu-io ended: {answer} {_process.StandardError.ReadToEnd()}");
            }

            answer.Append((char)next);
        }

        return answer.ToString();
    }

    /// <summary>Lets qemu-io close the image normally, and waits for that.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.StandardOutput.ReadToEnd();
        _process.WaitForExit();
        _process.Dispose();
    }
}
