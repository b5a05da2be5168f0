using System;
using System.Collections.Generic;
using System.Reflection;

namespace QedTools.Mono;

/// <summary>
/// Drives the engine's netstandard2.0 build from a .NET Framework program. Prints a line for each step; the exit code is 1 if one failed.
/// With "hold", a path and "read" or "write", it opens a disk, prints "held" and waits for the end of its input.
/// </summary>
public static class Program
{
    /// <summary>Takes the path of the fixtures folder.</summary>
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 3 && arguments[0] == "hold")
        {
            return Holder.Run(arguments[1], arguments[2] == "write");
        }

        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("The path of the fixtures folder is required.");
            return 2;
        }

        Console.WriteLine("runtime: " + RuntimeName());
        using WorkFolder folder = new();
        Steps steps = new(folder, arguments[0]);
        return Run(steps.All()) ? 0 : 1;
    }

    private static bool Run(IEnumerable<(string Name, Func<string> Step)> steps)
    {
        bool succeeded = true;
        foreach ((string name, Func<string> step) in steps)
        {
            try
            {
                Console.WriteLine($"ok {name}: {step()}");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                succeeded = false;
                Console.WriteLine($"FAILED {name}: {e.GetType().Name}: {e.Message.Replace(Environment.NewLine, " ")}");
                Console.Error.WriteLine(e);
            }
        }

        return succeeded;
    }

    private static string RuntimeName() =>
        Type.GetType("Mono.Runtime")?.GetMethod("GetDisplayName", BindingFlags.NonPublic | BindingFlags.Static)?.Invoke(null, null) is string mono
            ? "Mono " + mono
            : ".NET Framework " + Environment.Version;
}
