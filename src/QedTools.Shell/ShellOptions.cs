using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

namespace QedTools.Shell;

/// <summary>The command line, understood: pwsh's parameters as far as they mean something here.</summary>
internal sealed record ShellOptions
{
    /// <summary>Parameter names by their shortest accepted abbreviation, which is pwsh's.</summary>
    private static readonly (string Name, string Shortest)[] Parameters =
    [
        ("command", "c"),
        ("file", "f"),
        ("help", "h"),
        ("nologo", "nol"),
        ("noninteractive", "noni"),
        ("noprofile", "nop"),
        ("version", "v"),
    ];

    /// <summary>What to do.</summary>
    public ShellAction Action { get; init; } = ShellAction.Prompt;

    /// <summary>The text of the script, or its path for <see cref="ShellAction.File"/>.</summary>
    public string Text { get; init; } = string.Empty;

    /// <summary>What follows the script's path: arguments of the script, not of the shell.</summary>
    public IReadOnlyList<string> FileArguments { get; init; } = [];

    /// <summary>Whether a question to the user is an error instead of a wait.</summary>
    public bool NonInteractive { get; init; }

    /// <summary>Whether the prompt starts without its banner.</summary>
    public bool NoLogo { get; init; }

    /// <summary>Reads the arguments; on false, <paramref name="problem"/> says in one line what is wrong.</summary>
    public static bool TryParse(
        IReadOnlyList<string> arguments,
        [NotNullWhen(true)] out ShellOptions? options,
        [NotNullWhen(false)] out string? problem)
    {
        options = new ShellOptions();
        problem = null;

        for (int index = 0; index < arguments.Count; index++)
        {
            IEnumerable<string> rest = arguments.Skip(index + 1);
            switch (ParameterName(arguments[index]))
            {
                case "noprofile":
                    // There are no profiles here; scripts say it all the same.
                    break;
                case "nologo":
                    options = options with { NoLogo = true };
                    break;
                case "noninteractive":
                    options = options with { NonInteractive = true };
                    break;
                case "version":
                    options = options with { Action = ShellAction.Version };
                    return true;
                case "help":
                    options = options with { Action = ShellAction.Help };
                    return true;
                case "command":
                    return TryTakeCommand(rest, ref options, out problem);
                case "file":
                    return TryTakeFile(rest, ref options, out problem);
                case null when !arguments[index].StartsWith('-'):
                    // As in pwsh, a bare argument is a script to run.
                    return TryTakeFile(arguments.Skip(index), ref options, out problem);
                default:
                    problem = $"'{arguments[index]}' is not a parameter of this shell.";
                    options = null;
                    return false;
            }
        }

        return true;
    }

    private static string? ParameterName(string argument)
    {
        if (argument is "-?" or "/?")
        {
            return "help";
        }

        string typed = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..]
            : argument.StartsWith('-') ? argument[1..]
            : string.Empty;

        return Parameters.FirstOrDefault(parameter =>
            parameter.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
            && typed.StartsWith(parameter.Shortest, StringComparison.OrdinalIgnoreCase)).Name;
    }

    private static bool TryTakeCommand(
        IEnumerable<string> words,
        [NotNullWhen(true)] ref ShellOptions? options,
        [NotNullWhen(false)] out string? problem)
    {
        string text = string.Join(' ', words);
        if (text.Length == 0)
        {
            problem = "-Command needs a script after it, or '-' to read one from standard input.";
            options = null;
            return false;
        }

        problem = null;
        options = text == "-"
            ? options! with { Action = ShellAction.StandardInput }
            : options! with { Action = ShellAction.Command, Text = text };
        return true;
    }

    private static bool TryTakeFile(
        IEnumerable<string> words,
        [NotNullWhen(true)] ref ShellOptions? options,
        [NotNullWhen(false)] out string? problem)
    {
        string? path = words.FirstOrDefault();
        if (string.IsNullOrEmpty(path))
        {
            problem = "-File needs the path of a script after it.";
            options = null;
            return false;
        }

        problem = null;
        options = options! with { Action = ShellAction.File, Text = path, FileArguments = [.. words.Skip(1)] };
        return true;
    }
}
