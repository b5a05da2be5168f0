using System;
using System.Diagnostics;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Sessions;

/// <summary>
/// Shows an operation's progress, its speed and the time remaining: several times a second, once the operation has run for half a second.
/// </summary>
internal sealed class CommandProgress : IProgress<OperationProgress>, IDisposable
{
    private static readonly TimeSpan InitialDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private static int _lastActivity;

    private readonly Action<ProgressRecord> _write;
    private readonly Func<TimeSpan> _clock;
    private readonly ProgressRecord _record;
    private readonly OperationPace _pace = new();
    private TimeSpan _nextReport = InitialDelay;

    /// <param name="command">The cmdlet; reports must come on its own thread.</param>
    /// <param name="activity">The work being done, and the file.</param>
    public CommandProgress(Cmdlet command, string activity)
        : this(command.WriteProgress, ClockFromNow(), activity)
    {
    }

    /// <param name="write">Shows a record.</param>
    /// <param name="clock">Returns the time since the operation began.</param>
    /// <param name="activity">The work being done, and the file.</param>
    public CommandProgress(Action<ProgressRecord> write, Func<TimeSpan> clock, string activity)
    {
        _write = write;
        _clock = clock;
        _record = new ProgressRecord(Interlocked.Increment(ref _lastActivity) & int.MaxValue, activity, " ");
    }

    private bool IsShown => _nextReport > InitialDelay;

    /// <inheritdoc/>
    public void Report(OperationProgress value)
    {
        TimeSpan now = _clock();
        if (now < _nextReport)
        {
            return;
        }

        _nextReport = now + Interval;
        _pace.Update(now, value);
        _record.StatusDescription = Messages.ProgressStatus(value, _pace.BytesPerSecond);
        _record.PercentComplete = Math.Max(0, Math.Min(value.Percent, 100));
        _record.SecondsRemaining = _pace.Remaining is { } remaining ? (int)Math.Ceiling(remaining.TotalSeconds) : -1;
        _write(_record);
    }

    /// <summary>Removes the progress bar from the screen.</summary>
    public void Dispose()
    {
        if (IsShown)
        {
            _record.RecordType = ProgressRecordType.Completed;
            _write(_record);
        }
    }

    private static Func<TimeSpan> ClockFromNow()
    {
        Stopwatch watch = Stopwatch.StartNew();
        return () => watch.Elapsed;
    }
}
