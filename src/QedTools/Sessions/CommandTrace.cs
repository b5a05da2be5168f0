using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Sessions;

/// <summary>
/// Passes the engine's trace on to the warning, verbose and debug streams. The engine reports on any thread and while files are
/// locked, but a cmdlet may write only on its own thread, where the host may prompt or stop. So lines are queued until <see cref="Flush"/>.
/// </summary>
internal sealed class CommandTrace
{
    private const int MaxQueued = 10_000;

    private readonly ConcurrentQueue<Line> _queue = new();
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
            RemediableWarning = (text, remedy) => Add(new Line($"{text} {Advice.For(remedy)}".TrimEnd(), Stream.Warning)),
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

    /// <summary>The trace to pass to operations.</summary>
    public OperationTrace Operation { get; }

    /// <summary>The trace to pass to the plans of operations: warnings only, since the operation itself reports the rest.</summary>
    public OperationTrace Plan => Operation.WarningsOnly();

    /// <summary>Creates the trace of a running cmdlet.</summary>
    public static CommandTrace Of(PSCmdlet command) =>
        new(command, SessionStreams.WantsVerbose(command), SessionStreams.WantsDebug(command));

    /// <summary>Writes the queued lines; must be called on the cmdlet's own thread.</summary>
    public void Flush()
    {
        while (_queue.TryDequeue(out Line line))
        {
            if (_command is null)
            {
                continue;
            }

            switch (line.Stream)
            {
                // A plan and its operation give the same warnings, and so does a file that is processed twice.
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

    /// <summary>Stops accepting lines: a stream that the cmdlet opened may outlive it.</summary>
    public void Close() => _command = null;

    private void Add(Line line)
    {
        if (_command is null)
        {
            return;
        }

        if (line.Stream == Stream.Warning || _queue.Count < MaxQueued)
        {
            _queue.Enqueue(line);
        }
        else
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private readonly record struct Line(string Text, Stream Stream);
}
