using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using QedTools.Disks;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>What all cmdlets of the module share: paths one by one, errors per item, confirmation, cancellation, progress and tracing.</summary>
public abstract class QedCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private CommandTrace? _trace;
    private ICollection<string> _typed = [];

    /// <summary>Cancelled when the user presses Ctrl+C or the pipeline stops.</summary>
    protected CancellationToken Cancellation => _cancellation.Token;

    /// <summary>Receives the warnings of operations, and what -Verbose and -Debug show.</summary>
    private protected OperationTrace? Trace => _trace?.Operation;

    /// <summary>Receives the warnings of the plans of operations.</summary>
    private protected OperationTrace? PlanTrace => _trace?.Plan;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _trace = CommandTrace.Of(this);
        _typed = [.. MyInvocation.BoundParameters.Keys];
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _cancellation.Cancel();

    /// <summary>Releases the cmdlet's resources.</summary>
    /// <param name="disposing">False from a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cancellation.Dispose();
            _trace?.Close();
        }
    }

    /// <summary>Runs <paramref name="process"/> for each path; an error ends only the processing of that path.</summary>
    /// <param name="paths">As typed or piped in.</param>
    /// <param name="isLiteral">Whether they are exact names, from -LiteralPath.</param>
    /// <param name="process">Receives a full host path, which need not exist.</param>
    /// <param name="isNew">Whether the files are to be created.</param>
    private protected void ForEachName(string[] paths, bool isLiteral, Action<string> process, bool isNew = false)
    {
        foreach (string path in paths)
        {
            Guard(path, () =>
            {
                string file = isLiteral ? SessionPaths.ToHostLiteral(this, path)
                    : isNew ? SessionPaths.ToHost(this, path)
                    : SessionPaths.ToExistingHost(this, path);
                Guard(file, () => process(file));
            });
        }
    }

    /// <summary>Runs <paramref name="process"/> for each file that a pattern matches; an error ends only the processing of that file.</summary>
    /// <param name="patterns">As typed or piped in.</param>
    /// <param name="process">Receives a full host path.</param>
    private protected void ForEachMatch(string[] patterns, Action<string> process)
    {
        foreach (string pattern in patterns)
        {
            Guard(pattern, () =>
            {
                foreach (string file in SessionPaths.Expand(this, pattern))
                {
                    Guard(file, () => process(file));
                }
            });
        }
    }

    /// <summary>Runs <paramref name="action"/> for one item; an error ends only that item's turn.</summary>
    /// <param name="path">The item, as the target of an error.</param>
    /// <param name="action">What to do.</param>
    private protected void ForItem(string path, Action action) => Guard(path, action);

    /// <summary>Whether a parameter is on the command line, with a value or a script block, and so does not come from a property of the piped object.</summary>
    private protected bool IsTyped(string parameter) => _typed.Contains(parameter);

    /// <summary>Refuses a disk of less than a sector: whoever asks for one means another unit.</summary>
    /// <param name="path">The file that is to have it.</param>
    /// <param name="size">The size that was given, in bytes; null if none was.</param>
    private protected static void RequireWholeSector(string path, long? size)
    {
        if (size is > 0 and < Sector.Size)
        {
            throw new QedLimitException(path, "SizeBytes", size, "0 or at least 512 bytes", Messages.LessThanASector(path, size.Value));
        }
    }

    /// <summary>Writes a decision to the verbose stream.</summary>
    private protected new void WriteVerbose(string text) => SessionStreams.WriteVerbose(this, text);

    /// <summary>Writes a warning, unless it is null, after those that operations have reported so far.</summary>
    private protected void Warn(string? warning)
    {
        if (warning is not null)
        {
            FlushTrace();
            WriteWarning(warning);
        }
    }

    /// <summary>Asks whether to perform an action, or only reports it with -WhatIf.</summary>
    /// <param name="action">The action, as a complete sentence in the imperative.</param>
    private protected bool ShouldDo(string action)
    {
        FlushTrace();
        return Ask(() => ShouldProcess(action, Messages.ConfirmQuestion(action), Messages.ConfirmTitle));
    }

    private bool Ask(Func<bool> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e) when (!IsOfPipeline(e))
        {
            // There is nobody to ask about any item: PowerShell's own error ends the command, as with its own cmdlets.
            ThrowTerminatingError((e as IContainsErrorRecord)?.ErrorRecord ?? new ErrorRecord(e, "QedNoAnswer", ErrorCategory.InvalidOperation, targetObject: null));
            throw;
        }
    }

    /// <summary>Asks about an action of high impact, after <see cref="ShouldDo"/>, unless the session or -Confirm:$false says not to ask.</summary>
    /// <param name="action">The action, as a complete sentence in the imperative.</param>
    private protected bool IsAgreed(string action)
    {
        bool isAsked = MyInvocation.BoundParameters.ContainsKey("Confirm");
        bool asks = !isAsked && LanguagePrimitives.ConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference", ConfirmImpact.High)) == ConfirmImpact.High;
        return !asks || Ask(() => ShouldContinue(Messages.ConfirmQuestion(action), Messages.ConfirmTitle));
    }

    /// <summary>Runs an operation and shows its progress.</summary>
    /// <param name="doing">The work being done, such as "Checking".</param>
    /// <param name="path">The file being worked on.</param>
    /// <param name="run">The operation.</param>
    private protected T WithProgress<T>(string doing, string path, Func<IProgress<OperationProgress>, T> run)
    {
        using CommandProgress progress = new(this, Messages.Activity(doing, path));
        T result = run(_trace is null ? progress : new TracedProgress(progress, _trace));
        FlushTrace();
        return result;
    }

    /// <summary>Writes what operations have reported so far.</summary>
    private protected void FlushTrace() => _trace?.Flush();

    /// <summary>Writes an error about a file without ending its processing.</summary>
    private protected void WriteError(QedException error, string path) => WriteError(ErrorTable.ToRecord(error, path, MyInvocation));

    private void Guard(string path, Action action)
    {
        try
        {
            action();
            FlushTrace();
        }
        catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception e) when (!IsOfPipeline(e))
        {
            FlushTrace();
            WriteError(ErrorTable.ToRecord(e, path, MyInvocation));
        }
    }

    // How PowerShell stops a pipeline: for -ErrorAction Stop, for Select-Object -First, and for throw, break and exit in a later
    // command. These exceptions come out of the cmdlet's own Write calls and are not errors of an item.
    private static bool IsOfPipeline(Exception e) => e
        is RuntimeException or FlowControlException or HaltCommandException or ScriptCallDepthException or ThreadAbortException;

    // Reports come on the cmdlet's thread and between two steps of the work, which is a good time to write.
    private sealed class TracedProgress(IProgress<OperationProgress> inner, CommandTrace trace) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value)
        {
            trace.Flush();
            inner.Report(value);
        }
    }
}
