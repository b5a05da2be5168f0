using System;
using System.Globalization;
using System.IO;

namespace QedTools.CrashWriter;

/// <summary>
/// The second process of the reliability tests. Writes to an image through the engine until it is killed, or holds an image open.
/// </summary>
/// <remarks>
/// "write IMAGE SEED": prints "begun N" before the N-th round of writes and "flushed N" when the round is on the disk; the contents
/// follow from the seed (<see cref="WriteRounds"/>). "hold IMAGE read|write": prints "held" and waits until its input ends.
/// "convert SOURCE DESTINATION": prints "building" during the conversion, waits until its input ends, and continues.
/// "serve IMAGE read|write|temporary [SOCKET]": offers the image on any free port or on that socket, prints the address, and stops when its input
/// ends.
/// </remarks>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case ["write", string path, string seed]:
                    Write(path, int.Parse(seed, CultureInfo.InvariantCulture));
                    return 0;
                case ["hold", string path, string access]:
                    Hold(path, writable: access == "write");
                    return 0;
                case ["convert", string source, string destination]:
                    DiskConversion.Run(source, destination, new DiskConversionOptions(), new Pause());
                    return 0;
                case ["serve", string path, string access, .. var socket]:
                    Serve(path, access, socket is [var one] ? one : null);
                    return 0;
                default:
                    Console.Error.WriteLine("usage: write IMAGE SEED | hold IMAGE read|write | convert SOURCE DESTINATION | serve IMAGE read|write|temporary [SOCKET]");
                    return 2;
            }
        }
        catch (QedException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    private static void Write(string path, int seed)
    {
        using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true });
        using StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        WriteRounds rounds = new(seed, disk.Length);
        for (int round = 1; ; round++)
        {
            output.WriteLine(string.Format(CultureInfo.InvariantCulture, "begun {0}", round));
            foreach ((long offset, byte[] data) in rounds.Next())
            {
                disk.Position = offset;
                disk.Write(data, 0, data.Length);
            }

            disk.Flush();
            output.WriteLine(string.Format(CultureInfo.InvariantCulture, "flushed {0}", round));
        }
    }

    private static void Hold(string path, bool writable)
    {
        using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = writable });
        Console.Out.WriteLine("held");
        Console.In.ReadToEnd();
    }

    private static void Serve(string path, string access, string? socket)
    {
        using QedNbdServer server = DiskServing.Start(path, new DiskServingOptions
        {
            Writable = access == "write",
            Temporary = access == "temporary",
            Port = 0,
            SocketPath = socket,
            SocketDescriptor = DiskServing.TakeActivatedSocket(),
            Trace = new OperationTrace { Warning = Console.Error.WriteLine, Decision = Console.Error.WriteLine },
        });
        Console.Out.WriteLine(server.Uri);
        Console.In.ReadToEnd();
        server.Stop(TimeSpan.FromSeconds(10));
    }

    private sealed class Pause : IProgress<OperationProgress>
    {
        private bool _isOver;

        public void Report(OperationProgress value)
        {
            if (!_isOver)
            {
                _isOver = true;
                Console.Out.WriteLine("building");
                Console.In.ReadToEnd();
            }
        }
    }
}
