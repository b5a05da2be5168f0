using System;

namespace QedTools.Shell;

/// <summary>Where the process begins: reads the arguments, runs the shell, returns its exit code.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (!ShellOptions.TryParse(arguments, out ShellOptions? options, out string? problem))
        {
            Console.Error.WriteLine(problem);
            Console.Error.WriteLine(Usage.Short);
            return ExitCode.Usage;
        }

        switch (options.Action)
        {
            case ShellAction.Help:
                Console.Out.WriteLine(Usage.Full);
                return ExitCode.Success;
            case ShellAction.Version:
                Console.Out.WriteLine(Usage.Version);
                return ExitCode.Success;
            default:
                return ShellRun.Execute(options);
        }
    }
}
