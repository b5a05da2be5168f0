using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Sessions;

/// <summary>
/// Brings what the engine tells on its way to the warning, verbose and debug streams. It is told on any thread and while files are
/// locked; a cmdlet may only write on its own thread, and a host may ask or stop there. So lines wait until <see cref="Flush"/>.
/// </summary>
internal sealed class CommandTrace
{
    private const int MostWaiting = 10_000;

    private readonly ConcurrentQueue<Line> _waiting = new();
    private readonly HashSet<string> _warnings = new(StringComparer.Ordinal);
    private PSCmdlet? _command;
    private int _dropped;

    private CommandTrace(PSCmdlet command, bool verbose, bool debug)
    {
        _command = command;
        Operation = new OperationTrace
        {
            Warning = text => Add(new Line(text, Stream.Warning)),
            FormatDoubt = doubt => Add(new Line(Messages.FormatDoubt(doubt), Stream.Warning)),
            Decision = verbose ? text => Add(new Line(text, Stream.Verbose)) : null,
            Detail = debug ? text => Add(new Line(text, Stream.Debug)) : null,
        };
    }

    private enum Stream
    {
        Warning,
        Verbose,
        Debug,
    }

    /// <summary>What operations are given.</summary>
    public OperationTrace Operation { get; }

    /// <summary>What the plans of operations are given: the operation tells the rest.</summary>
    public OperationTrace Plan => Operation.WarningsOnly();

    /// <summary>The trace of a cmdlet that runs.</summary>
    public static CommandTrace Of(PSCmdlet command) =>
        new(command, SessionStreams.WantsVerbose(command), SessionStreams.WantsDebug(command));

    /// <summary>Writes what waits; on the cmdlet's own thread.</summary>
    public void Flush()
    {
        while (_waiting.TryDequeue(out Line line))
        {
            if (_command is null)
            {
                continue;
            }

            switch (line.Stream)
            {
                // A plan and its operation give the same ones, and so does the same file in the next turn.
                case Stream.Warning when _warnings.Add(line.Text):
                    _command.WriteWarning(line.Text);
                    break;
                case Stream.Verbose:
                    SessionStreams.WriteVerbose(_command, line.Text);
                    break;
                case Stream.Debug:
                    _command.WriteDebug(line.Text);
                    break;
            }
        }

        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and int dropped)
        {
            _command?.WriteDebug(Messages.TraceLinesDropped(dropped));
        }
    }

    /// <summary>Takes nothing more: a stream that the cmdlet opened outlives it.</summary>
    public void Close() => _command = null;

    private void Add(Line line)
    {
        if (_command is null)
        {
            return;
        }

        if (line.Stream == Stream.Warning || _waiting.Count < MostWaiting)
        {
            _waiting.Enqueue(line);
        }
        else
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private readonly record struct Line(string Text, Stream Stream);
}
