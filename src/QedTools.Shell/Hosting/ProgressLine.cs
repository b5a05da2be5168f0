using System;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Shell.Hosting;

/// <summary>
/// Progress, on one line under the output: the activity, a bar, its status. Of several activities the one that last
/// reported is shown. The line disappears with the activity.
/// </summary>
internal sealed class ProgressLine(TerminalOutput output)
{
    private const int WidestBar = 30;
    private const int NarrowestBar = 8;
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private (long Source, int Activity)? _shown;
    private long _drawnAt;

    /// <summary>Shows a record, or takes its activity away if it says Completed.</summary>
    public void Report(long source, ProgressRecord record)
    {
        lock (_gate)
        {
            (long, int) reporting = (source, record.ActivityId);
            if (record.RecordType == ProgressRecordType.Completed)
            {
                if (_shown == reporting)
                {
                    Clear();
                }

                return;
            }

            if (_shown == reporting && Stopwatch.GetElapsedTime(_drawnAt) < RedrawInterval)
            {
                return;
            }

            _shown = reporting;
            _drawnAt = Stopwatch.GetTimestamp();
            output.ShowStatus(Style.Colored(Style.Progress, Describe(record, Terminal.Width - 1)));
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_shown is not null)
            {
                _shown = null;
                output.EraseStatus();
            }
        }
    }

    /// <summary>The record on one line: what is left of the width beside its texts is the bar's, and the status is cut first.</summary>
    private static string Describe(ProgressRecord record, int width)
    {
        string remaining = record.SecondsRemaining >= 0 ? Remaining(record.SecondsRemaining) + " left, " : string.Empty;
        string bar = string.Empty;
        if (record.PercentComplete is >= 0 and <= 100 and int percent)
        {
            int others = record.Activity.Length + " [] 100 % ".Length + remaining.Length + record.StatusDescription.Length;
            int barWidth = Math.Clamp(width - others, NarrowestBar, WidestBar);
            int filled = percent * barWidth / 100;
            bar = $"[{new string('=', filled)}{new string(' ', barWidth - filled)}] {percent,3} % ";
        }

        string text = $"{record.Activity} {bar}{remaining}{record.StatusDescription}".ReplaceLineEndings(" ");
        return text.Length <= width ? text : text[..(width - 1)] + "…";
    }

    private static string Remaining(int seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(seconds);
        return time.TotalHours < 1
            ? time.ToString(@"m\:ss", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss}");
    }
}
