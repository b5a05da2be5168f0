// Measurements: `compare` runs the cmdlets side by side with qemu-img, `micro` runs the hot paths with BenchmarkDotNet.
using System;
using System.Linq;
using BenchmarkDotNet.Running;
using QedTools.Benchmarks.Compare;

namespace QedTools.Benchmarks;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        switch (arguments.FirstOrDefault())
        {
            case "compare":
                return Comparison.Run(arguments.Skip(1).ToArray());
            case "micro":
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments.Skip(1).DefaultIfEmpty("--filter=*").ToArray());
                return 0;
            case SessionStart.Argument:
                return SessionStart.RunHere();
            default:
                Console.Error.WriteLine("usage: compare [--runs N] [--only TEXT] [--share N] | micro [BenchmarkDotNet options]");
                return 64;
        }
    }
}
