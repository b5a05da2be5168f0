using System;
using System.Linq;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using QedTools.Shell.Hosting;
using QedTools.Shell.Input;

namespace QedTools.Shell;

/// <summary>Reads commands and runs them, until <c>exit</c> or the end of the input.</summary>
internal sealed class InteractivePrompt
{
    private const string ContinuationPrompt = ">> ";
    private const string FallbackPrompt = "PS> ";

    private readonly ShellHost _host;
    private readonly ScriptRunner _runner;
    private readonly UserInput _input;
    private readonly LineHistory _history = new();
    private readonly Completion _completion;

    /// <summary>Makes a prompt, and has the host call it where PowerShell asks for a nested one.</summary>
    public InteractivePrompt(Runspace runspace, ShellHost host, ScriptRunner runner, UserInput input)
    {
        _host = host;
        _runner = runner;
        _input = input;
        _completion = new Completion(runspace);
        host.NestedPrompt = () => Run(nested: true);
    }

    /// <summary>Runs the outermost prompt; the exit code is the host's afterwards.</summary>
    public void Run() => Run(nested: false);

    private void Run(bool nested)
    {
        while (ReadScript(nested) is string script)
        {
            if (!string.IsNullOrWhiteSpace(script))
            {
                _runner.Run(script, nested: nested);
            }

            if (_host.RequestedExitCode is not null)
            {
                break;
            }
        }
    }

    /// <summary>Reads lines until they make a whole script: empty after Ctrl+C, null at the end of the input.</summary>
    private string? ReadScript(bool nested)
    {
        string prompt = _runner.Evaluate("prompt", nested);
        string script = string.Empty;
        do
        {
            string? line;
            try
            {
                line = _input.ReadCommand(
                    script.Length > 0 ? ContinuationPrompt : prompt.Length > 0 ? prompt : FallbackPrompt,
                    _history,
                    nested ? null : _completion);
            }
            catch (OperationCanceledException)
            {
                return string.Empty;
            }

            if (line is null)
            {
                return null;
            }

            _history.Add(line);
            script = script.Length > 0 ? script + "\n" + line : line;
        }
        while (IsIncomplete(script));

        return script;
    }

    private static bool IsIncomplete(string script)
    {
        Parser.ParseInput(script, out _, out ParseError[] errors);
        return errors.Any(error => error.IncompleteInput);
    }
}
