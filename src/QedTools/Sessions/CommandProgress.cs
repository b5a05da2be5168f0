using System;
using System.Diagnostics;
using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Shows an operation's progress once it has taken half a second, a few times a second.</summary>
internal sealed class CommandProgress : IProgress<OperationProgress>, IDisposable
{
    private const int QuietMilliseconds = 500;
    private const int IntervalMilliseconds = 200;

    private static int _lastActivity;

    private readonly Cmdlet _command;
    private readonly ProgressRecord _record;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _nextReport = QuietMilliseconds;

    /// <param name="command">The cmdlet; reports come on its own thread.</param>
    /// <param name="activity">What is being done, such as "Checking".</param>
    /// <param name="path">To which file.</param>
    public CommandProgress(Cmdlet command, string activity, string path)
    {
        _command = command;
        _record = new ProgressRecord(System.Threading.Interlocked.Increment(ref _lastActivity) & int.MaxValue, activity, path);
    }

    private bool IsShown => _nextReport > QuietMilliseconds;

    /// <inheritdoc/>
    public void Report(OperationProgress value)
    {
        long now = _watch.ElapsedMilliseconds;
        if (now < _nextReport)
        {
            return;
        }

        _nextReport = now + IntervalMilliseconds;
        _record.PercentComplete = Math.Min(value.Percent, 100);
        _record.SecondsRemaining = value.BytesDone <= 0
            ? -1
            : (int)Math.Min(int.MaxValue, now / 1000.0 * (value.BytesTotal - value.BytesDone) / value.BytesDone);
        _command.WriteProgress(_record);
    }

    /// <summary>Takes the progress off the screen.</summary>
    public void Dispose()
    {
        if (IsShown)
        {
            _record.RecordType = ProgressRecordType.Completed;
            _command.WriteProgress(_record);
        }
    }
}
