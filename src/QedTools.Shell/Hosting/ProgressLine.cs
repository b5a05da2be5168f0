using System;
using System.Diagnostics;
using System.Management.Automation;
using System.Threading;

namespace QedTools.Shell.Hosting;

/// <summary>
/// Progress, on one line under the output: the activity, a bar, its status. Of several activities the one that last
/// reported is shown. The line disappears with the activity.
/// </summary>
internal sealed class ProgressLine(TerminalOutput output)
{
    private const int BarWidth = 30;
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

    private static string Describe(ProgressRecord record, int width)
    {
        string text = record.Activity;
        if (record.PercentComplete is >= 0 and <= 100 and int percent)
        {
            int filled = percent * BarWidth / 100;
            text += $" [{new string('=', filled)}{new string(' ', BarWidth - filled)}] {percent,3} %";
        }

        text += " " + record.StatusDescription;
        if (record.SecondsRemaining >= 0)
        {
            text += $" ({TimeSpan.FromSeconds(record.SecondsRemaining):c} left)";
        }

        text = text.ReplaceLineEndings(" ");
        return text.Length <= width ? text : text[..(width - 1)] + "…";
    }
}
