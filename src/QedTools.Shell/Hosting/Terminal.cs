using System;
using System.IO;

namespace QedTools.Shell.Hosting;

/// <summary>What the process's standard streams are connected to, and what that can do.</summary>
internal sealed record Terminal
{
    /// <summary>The width where there is no screen: a redirected table is not cut at 80 columns.</summary>
    public const int DefaultWidth = 120;

    private const int DefaultHeight = 30;

    /// <summary>Whether a person can answer on standard input.</summary>
    public required bool InputIsTerminal { get; init; }

    /// <summary>Whether standard output takes cursor movements: editing of lines and progress need it.</summary>
    public required bool OutputMovesCursor { get; init; }

    /// <summary>Whether standard output shows colours.</summary>
    public required bool OutputHasColor { get; init; }

    /// <summary>Whether standard error shows colours.</summary>
    public required bool ErrorHasColor { get; init; }

    /// <summary>Columns of the screen now; <see cref="DefaultWidth"/> where there is no screen.</summary>
    public static int Width => Size(() => Console.WindowWidth, DefaultWidth);

    /// <summary>Rows of the screen now.</summary>
    public static int Height => Size(() => Console.WindowHeight, DefaultHeight);

    /// <summary>Looks at the standard streams and at the conventions NO_COLOR and TERM=dumb.</summary>
    public static Terminal Detect()
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        bool color = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        bool output = !Console.IsOutputRedirected && !dumb
            && WindowsConsole.TryEnableEscapeSequences(WindowsConsole.StandardOutput);
        bool error = !Console.IsErrorRedirected && !dumb
            && WindowsConsole.TryEnableEscapeSequences(WindowsConsole.StandardError);
        return new Terminal
        {
            InputIsTerminal = !Console.IsInputRedirected,
            OutputMovesCursor = output,
            OutputHasColor = output && color,
            ErrorHasColor = error && color,
        };
    }

    private static int Size(Func<int> ask, int otherwise)
    {
        if (Console.IsOutputRedirected)
        {
            return otherwise;
        }

        try
        {
            // A terminal that does not know its size says 0.
            int size = ask();
            return size > 0 ? size : otherwise;
        }
        catch (IOException)
        {
            return otherwise;
        }
    }
}
