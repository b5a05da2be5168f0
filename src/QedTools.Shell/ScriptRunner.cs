using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell.Hosting;

namespace QedTools.Shell;

/// <summary>Runs script text in the session, with objects and errors shown by their views.</summary>
internal sealed class ScriptRunner(Runspace runspace, ShellHost host, Interruption interruption)
{
    private const string FormatAndShow = "Out-Default";

    /// <summary>Runs a script of the user's.</summary>
    /// <param name="script">The text.</param>
    /// <param name="arguments">What the text finds in <c>$args</c>.</param>
    /// <param name="nested">Whether a pipeline waits below, as under a nested prompt.</param>
    public ScriptOutcome Run(string script, IReadOnlyList<object>? arguments = null, bool nested = false)
    {
        using Pipeline pipeline = CreatePipeline(script, ofUser: true, nested);
        foreach (object argument in arguments ?? [])
        {
            pipeline.Commands[0].Parameters.Add(null, argument);
        }

        pipeline.Commands.Add(Formatter());
        try
        {
            interruption.Invoke(pipeline);
        }
        catch (PipelineStoppedException)
        {
            return ScriptOutcome.Interrupted;
        }
        catch (RuntimeException failure)
        {
            Show(failure, nested);
            return ScriptOutcome.Terminated;
        }
        finally
        {
            host.EndProgress();
        }

        return Evaluate("$global:?", nested) == bool.TrueString
            ? ScriptOutcome.Succeeded
            : ScriptOutcome.LastStatementFailed;
    }

    /// <summary>Runs text of the shell's own and returns its first result as a string; empty if it fails.</summary>
    public string Evaluate(string script, bool nested)
    {
        using Pipeline pipeline = CreatePipeline(script, ofUser: false, nested);
        try
        {
            return interruption.Invoke(pipeline) is [PSObject first, ..] ? first.ToString() : string.Empty;
        }
        catch (RuntimeException)
        {
            return string.Empty;
        }
    }

    /// <summary>Shows the error that ended a script, as the session shows errors.</summary>
    public void Show(RuntimeException failure, bool nested = false)
    {
        if (failure is IncompleteParseException)
        {
            // The engine knows no position of what is missing at the end, and its view of errors then shows nothing.
            host.UI.WriteErrorLine($"ParserError: {failure.Message}");
            return;
        }

        using Pipeline pipeline = nested ? runspace.CreateNestedPipeline() : runspace.CreatePipeline();
        pipeline.Commands.Add(FormatAndShow);
        pipeline.Input.Write(failure.ErrorRecord);
        pipeline.Input.Close();
        host.ShowAsError(() => interruption.Invoke(pipeline));
    }

    private static Command Formatter() => new(FormatAndShow)
    {
        // Errors keep their place among the output, and the host still gets them by WriteErrorLine.
        MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output,
    };

    private Pipeline CreatePipeline(string script, bool ofUser, bool nested)
    {
        // The engine takes what goes into the history for the user's, and puts $? back after any other pipeline.
        return nested
            ? runspace.CreateNestedPipeline(script, addToHistory: ofUser)
            : runspace.CreatePipeline(script, addToHistory: ofUser);
    }
}
