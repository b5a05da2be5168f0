using System;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell.Hosting;
using QedTools.Shell.Input;

namespace QedTools.Shell;

/// <summary>One run of the shell, from opening the session to the exit code.</summary>
internal sealed class ShellRun
{
    private readonly ShellOptions _options;
    private readonly ShellHost _host;
    private readonly Runspace _runspace;
    private readonly ScriptRunner _runner;

    private ShellRun(ShellOptions options, ShellHost host, Runspace runspace, ScriptRunner runner)
    {
        _options = options;
        _host = host;
        _runspace = runspace;
        _runner = runner;
    }

    /// <summary>Does what the options ask for.</summary>
    /// <returns>The exit code of the process; see <see cref="ExitCode"/>.</returns>
    public static int Execute(ShellOptions options)
    {
        using Interruption interruption = new();
        TerminalOutput output = new(Terminal.Detect());
        UserInput input = new(output, interruption, options.NonInteractive);
        ShellHost host = new(output, input);

        Runspace? runspace = TryOpen(host, output);
        if (runspace is null)
        {
            return ExitCode.Failure;
        }

        using (runspace)
        {
            ScriptRunner runner = new(runspace, host, interruption);
            return new ShellRun(options, host, runspace, runner).Execute(input, output);
        }
    }

    /// <summary>Opens the session; null, after a message that says what to do, if the module does not import.</summary>
    private static Runspace? TryOpen(ShellHost host, TerminalOutput output)
    {
        Runspace? runspace = null;
        try
        {
            runspace = RunspaceFactory.CreateRunspace(host, ShellSession.Create());
            runspace.ThreadOptions = PSThreadOptions.ReuseThread;
            runspace.Open();
            return runspace;
        }
        catch (Exception failure) when (failure is FileNotFoundException or RuntimeException)
        {
            output.WriteErrorLine("The QedTools module does not load. If it is not built yet, run 'dotnet build'.");
            output.WriteErrorLine(failure.Message);
            // Its thread would keep the process alive.
            runspace?.Dispose();
            return null;
        }
    }

    private int Execute(UserInput input, TerminalOutput output)
    {
        // Made for every action: a confirmation in a script may be suspended to it as well.
        InteractivePrompt prompt = new(_runspace, _host, _runner, input);
        switch (_options.Action)
        {
            case ShellAction.Command:
                return CodeOf(_runner.Run(_options.Text));
            case ShellAction.StandardInput:
            case ShellAction.Prompt when Console.IsInputRedirected:
                return CodeOf(_runner.Run(Console.In.ReadToEnd()));
            case ShellAction.File:
                return ExecuteFile(output);
            default:
                if (!_options.NoLogo)
                {
                    output.WriteLine(Usage.Banner);
                }

                prompt.Run();
                return _host.RequestedExitCode ?? ExitCode.Success;
        }
    }

    private int ExecuteFile(TerminalOutput output)
    {
        string path = Path.GetFullPath(_options.Text);
        // The engine's own look-up of scripts, because it asks the execution policy where there is one.
        CommandInvocationIntrinsics commands = _runspace.SessionStateProxy.InvokeCommand;
        if (!File.Exists(path)
            || commands.GetCommand(path, CommandTypes.ExternalScript) is not ExternalScriptInfo script)
        {
            output.WriteErrorLine($"'{_options.Text}' is not a PowerShell script (.ps1) that exists.");
            return ExitCode.Usage;
        }

        ScriptFileCall call;
        try
        {
            call = new ScriptFileCall(script.ScriptBlock, _options.FileArguments);
        }
        catch (RuntimeException failure)
        {
            // It does not parse, or the execution policy forbids it.
            _runner.Show(failure);
            return ExitCode.Failure;
        }

        ScriptOutcome outcome = _runner.Run(call.Text, call.Arguments);
        return CodeOf(outcome == ScriptOutcome.LastStatementFailed ? ScriptOutcome.Succeeded : outcome);
    }

    private int CodeOf(ScriptOutcome outcome) => _host.RequestedExitCode ?? outcome switch
    {
        ScriptOutcome.Succeeded => ExitCode.Success,
        ScriptOutcome.Interrupted => ExitCode.Interrupted,
        _ => ExitCode.Failure,
    };
}
