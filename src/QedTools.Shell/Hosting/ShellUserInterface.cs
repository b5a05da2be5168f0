using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using QedTools.Shell.Input;

namespace QedTools.Shell.Hosting;

/// <summary>How each of PowerShell's streams and questions looks on this terminal.</summary>
internal sealed class ShellUserInterface(TerminalOutput output, UserInput input) : PSHostUserInterface
{
    private readonly ProgressLine _progress = new(output);
    private readonly ChoiceQuestion _choice = new(output, input);
    private readonly FieldQuestions _fields = new(output, input);
    private bool _outputIsError;

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface(output);

    /// <summary>Whether texts may bring colours; each stream drops those it cannot show.</summary>
    public override bool SupportsVirtualTerminal => output.Terminal.OutputHasColor || output.Terminal.ErrorHasColor;

    /// <inheritdoc/>
    public override void Write(string value) => output.Write(value);

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
        => output.Write(Style.Colored(foregroundColor, backgroundColor, value));

    /// <inheritdoc/>
    public override void WriteLine(string value)
    {
        if (_outputIsError)
        {
            output.WriteErrorLine(value);
        }
        else
        {
            output.WriteLine(value);
        }
    }

    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => output.WriteErrorLine(value);

    /// <inheritdoc/>
    public override void WriteWarningLine(string message)
        => output.WriteLine(Style.Colored(Style.Warning, "WARNING: " + message));

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message)
        => output.WriteLine(Style.Colored(Style.Verbose, "VERBOSE: " + message));

    /// <inheritdoc/>
    public override void WriteDebugLine(string message)
        => output.WriteLine(Style.Colored(Style.Debug, "DEBUG: " + message));

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record) => _progress.Report(sourceId, record);

    /// <summary>
    /// Has the lines that the action prints go to standard error: the engine marks the errors that commands write, but
    /// not the one that ends a script, when it formats them.
    /// </summary>
    public void ShowAsError(Action print)
    {
        _outputIsError = true;
        try
        {
            print();
        }
        finally
        {
            _outputIsError = false;
        }
    }

    /// <summary>Takes away what progress is still shown.</summary>
    public void EndProgress() => _progress.Clear();

    /// <inheritdoc/>
    public override string ReadLine() => input.ReadAnswer(string.Empty);

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() => input.ReadSecret(string.Empty);

    /// <inheritdoc/>
    public override int PromptForChoice(
        string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        => _choice.Ask(caption, message, choices, defaultChoice);

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(
        string caption, string message, Collection<FieldDescription> descriptions)
        => _fields.Ask(caption, message, descriptions);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
        => _fields.AskForCredential(caption, message, userName);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options)
        => _fields.AskForCredential(caption, message, userName);
}
