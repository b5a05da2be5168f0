using System.Collections.Concurrent;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Sessions;

/// <summary>
/// Brings what the engine tells on its way to the verbose and debug streams. It is told on any thread and while files are
/// locked; a cmdlet may only write on its own thread, and a host may ask or stop there. So lines wait until <see cref="Flush"/>.
/// </summary>
internal sealed class CommandTrace
{
    private const int MostWaiting = 10_000;

    private readonly ConcurrentQueue<Line> _waiting = new();
    private PSCmdlet? _command;
    private int _dropped;

    private CommandTrace(PSCmdlet command, bool verbose, bool debug)
    {
        _command = command;
        Operation = new OperationTrace
        {
            Decision = verbose ? text => Add(new Line(text, IsDebug: false)) : null,
            Detail = debug ? text => Add(new Line(text, IsDebug: true)) : null,
        };
    }

    /// <summary>What operations are given.</summary>
    public OperationTrace Operation { get; }

    /// <summary>The trace of a cmdlet that runs; null if nobody would see it.</summary>
    public static CommandTrace? Of(PSCmdlet command)
    {
        bool verbose = SessionStreams.WantsVerbose(command);
        bool debug = SessionStreams.WantsDebug(command);
        return verbose || debug ? new CommandTrace(command, verbose, debug) : null;
    }

    /// <summary>Writes what waits; on the cmdlet's own thread.</summary>
    public void Flush()
    {
        while (_waiting.TryDequeue(out Line line))
        {
            if (line.IsDebug)
            {
                _command?.WriteDebug(line.Text);
            }
            else if (_command is not null)
            {
                SessionStreams.WriteVerbose(_command, line.Text);
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

        if (_waiting.Count < MostWaiting)
        {
            _waiting.Enqueue(line);
        }
        else
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private readonly record struct Line(string Text, bool IsDebug);
}
