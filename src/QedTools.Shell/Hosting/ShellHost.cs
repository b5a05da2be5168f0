using System;
using System.Globalization;
using System.Management.Automation.Host;

namespace QedTools.Shell.Hosting;

/// <summary>What the PowerShell engine knows of the program it runs in.</summary>
internal sealed class ShellHost : PSHost
{
    private readonly ShellUserInterface _ui;

    /// <summary>Makes a host that prints to and asks through the given two.</summary>
    public ShellHost(TerminalOutput output, Input.UserInput input) => _ui = new ShellUserInterface(output, input);

    /// <inheritdoc/>
    public override string Name => "QedTools.Shell";

    /// <inheritdoc/>
    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version ?? new Version();

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override PSHostUserInterface UI => _ui;

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <summary>The code that <c>exit</c> was called with; null while nobody called it.</summary>
    public int? RequestedExitCode { get; private set; }

    /// <summary>Runs a prompt while a pipeline waits: what [S] Suspend at a confirmation asks for.</summary>
    public Action? NestedPrompt { get; set; }

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => RequestedExitCode = exitCode;

    /// <inheritdoc/>
    public override void EnterNestedPrompt()
    {
        if (NestedPrompt is null)
        {
            throw new NotSupportedException("This session has no prompt to suspend to.");
        }

        NestedPrompt();
        // There, exit leaves the nested prompt and not the shell.
        RequestedExitCode = null;
    }

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => SetShouldExit(0);

    /// <inheritdoc/>
    public override void NotifyBeginApplication() => _ui.EndProgress();

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    /// <summary>Has everything that the action prints as output go to the stream of errors.</summary>
    public void ShowAsError(Action print) => _ui.ShowAsError(print);

    /// <summary>Takes away what progress is still shown, once nothing runs that could report more.</summary>
    public void EndProgress() => _ui.EndProgress();
}
