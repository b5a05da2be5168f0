using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;

namespace QedTools.Shell;

/// <summary>
/// Ctrl+C: stops the running pipeline, whose cmdlets leave their images valid before they end. While they do, a second
/// press changes nothing, because killing the process is what would leave an image in the middle of a write; the third
/// one does kill it. With nothing running, Ctrl+C ends the process as in any program.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private const int PressesThatKill = 3;

    private readonly Lock _gate = new();
    private readonly Stack<Pipeline> _running = new();
    private int _presses;

    /// <summary>Begins to listen.</summary>
    public Interruption() => Console.CancelKeyPress += OnCancelKeyPress;

    /// <summary>Runs the pipeline so that Ctrl+C stops it.</summary>
    /// <exception cref="PipelineStoppedException">Ctrl+C did.</exception>
    public Collection<PSObject> Invoke(Pipeline pipeline)
    {
        lock (_gate)
        {
            _running.Push(pipeline);
            _presses = 0;
        }

        try
        {
            Collection<PSObject> results = pipeline.Invoke();
            if (IsStopped(pipeline))
            {
                // A stopped script returns what it had; only some commands throw.
                throw new PipelineStoppedException();
            }

            return results;
        }
        catch (InvalidPipelineStateException) when (IsStopped(pipeline))
        {
            // Stopped before it began.
            throw new PipelineStoppedException();
        }
        finally
        {
            lock (_gate)
            {
                _running.Pop();
            }
        }
    }

    /// <summary>Stops what runs, without waiting for its end: for whoever reads Ctrl+C as a key.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_running.TryPeek(out Pipeline? pipeline))
            {
                pipeline.StopAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Console.CancelKeyPress -= OnCancelKeyPress;

    private static bool IsStopped(Pipeline pipeline) => pipeline.PipelineStateInfo.State == PipelineState.Stopped;

    private void OnCancelKeyPress(object? sender, ConsoleCancelEventArgs press)
    {
        lock (_gate)
        {
            if (!_running.TryPeek(out Pipeline? pipeline))
            {
                return;
            }

            _presses++;
            press.Cancel = _presses < PressesThatKill;
            if (_presses == 1)
            {
                pipeline.StopAsync();
            }
            else if (press.Cancel)
            {
                Console.Error.WriteLine("Stopping. Ctrl+C again kills the process, which may leave an image unfinished.");
            }
        }
    }
}
