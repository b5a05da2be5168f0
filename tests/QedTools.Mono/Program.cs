using System;
using System.Collections.Generic;
using System.Reflection;

namespace QedTools.Mono;

/// <summary>
/// Drives the engine's netstandard2.0 build as a program of the .NET Framework: a line for each step, exit code 1 if one failed.
/// With "hold", a path and "read" or "write", it opens a disk, says "held" and waits for the end of its input.
/// </summary>
public static class Program
{
    /// <summary>Takes the folder of the fixtures.</summary>
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 3 && arguments[0] == "hold")
        {
            return Holder.Run(arguments[1], arguments[2] == "write");
        }

        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("Which folder are the fixtures in?");
            return 2;
        }

        Console.WriteLine("runtime: " + RuntimeName());
        using WorkFolder folder = new();
        Steps steps = new(folder, arguments[0]);
        return Run(steps.All()) ? 0 : 1;
    }

    private static bool Run(IEnumerable<(string Name, Func<string> Step)> steps)
    {
        bool good = true;
        foreach ((string name, Func<string> step) in steps)
        {
            try
            {
                Console.WriteLine($"ok {name}: {step()}");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                good = false;
                Console.WriteLine($"FAILED {name}: {e.GetType().Name}: {e.Message.Replace(Environment.NewLine, " ")}");
                Console.Error.WriteLine(e);
            }
        }

        return good;
    }

    private static string RuntimeName() =>
        Type.GetType("Mono.Runtime")?.GetMethod("GetDisplayName", BindingFlags.NonPublic | BindingFlags.Static)?.Invoke(null, null) is string mono
            ? "Mono " + mono
            : ".NET Framework " + Environment.Version;
}
