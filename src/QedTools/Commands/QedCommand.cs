using System;
using System.Management.Automation;
using System.Threading;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>What every cmdlet of the module does alike: paths one by one, errors per item, cancellation, progress.</summary>
public abstract class QedCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    /// <summary>Cancelled when the user presses Ctrl+C or the pipeline stops.</summary>
    protected CancellationToken Cancellation => _cancellation.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _cancellation.Cancel();

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">False from a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cancellation.Dispose();
        }
    }

    /// <summary>Runs <paramref name="process"/> for each path; an error ends that path's turn only.</summary>
    /// <param name="paths">As typed or piped in.</param>
    /// <param name="isLiteral">Whether they are exact names, from -LiteralPath.</param>
    /// <param name="process">Gets a full path of the host, which need not exist.</param>
    private protected void ForEachName(string[] paths, bool isLiteral, Action<string> process)
    {
        foreach (string path in paths)
        {
            Guard(path, () =>
            {
                string file = isLiteral ? SessionPaths.ToHostLiteral(this, path) : SessionPaths.ToHost(this, path);
                Guard(file, () => process(file));
            });
        }
    }

    /// <summary>Runs <paramref name="process"/> for each file that a pattern stands for; an error ends that file's turn only.</summary>
    /// <param name="patterns">As typed or piped in.</param>
    /// <param name="process">Gets a full path of the host.</param>
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

    /// <summary>Runs an operation and shows how far it is.</summary>
    private protected T WithProgress<T>(string activity, string path, Func<IProgress<OperationProgress>, T> run)
    {
        using CommandProgress progress = new(this, activity, path);
        return run(progress);
    }

    private void Guard(string path, Action action)
    {
        try
        {
            action();
        }
        catch (QedException e)
        {
            WriteError(ErrorTable.ToRecord(e, path));
        }
        catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
