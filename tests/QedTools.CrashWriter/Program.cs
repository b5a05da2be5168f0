using System;
using System.Globalization;
using System.IO;

namespace QedTools.CrashWriter;

/// <summary>
/// Writes to an image through the engine until it is killed, or holds one open: the other process of the reliability tests.
/// </summary>
/// <remarks>
/// "write IMAGE SEED": says "begun N" before and "flushed N" after the N-th round of writes is on the disk; the contents follow
/// from the seed (<see cref="WriteRounds"/>). "hold IMAGE read|write": says "held" and waits until its input ends.
/// "convert SOURCE DESTINATION": says "building" in the middle of it, waits until its input ends, and goes on.
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
                case ["hold", string path, string what]:
                    Hold(path, writable: what == "write");
                    return 0;
                case ["convert", string source, string destination]:
                    DiskConversion.Run(source, destination, new DiskConversionOptions(), new Pause());
                    return 0;
                default:
                    Console.Error.WriteLine("write IMAGE SEED | hold IMAGE read|write | convert SOURCE DESTINATION");
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
