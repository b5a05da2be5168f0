using System;

namespace QedTools;

/// <summary>How fast an operation is and how long it will still take, from what it reports on its way.</summary>
/// <remarks>
/// What was long ago counts less and less, so that the figures follow a disk that became slower, and stay calm where a copy
/// skips holes.
/// </remarks>
public sealed class OperationPace
{
    // After this time a change of the speed shows by two thirds.
    private const double MemorySeconds = 3;

    private double _elapsed;
    private double _bytesDone;
    private double _bytesLeft;

    /// <summary>The speed, in bytes per second; 0 as long as none is known.</summary>
    public double BytesPerSecond { get; private set; }

    /// <summary>How long it will still take; null as long as that is not known.</summary>
    public TimeSpan? Remaining => BytesPerSecond <= 0
        ? null
        : TimeSpan.FromSeconds(Math.Min(_bytesLeft / BytesPerSecond, int.MaxValue));

    /// <summary>Takes a report into account.</summary>
    /// <param name="elapsed">The time since the operation began; never less than before.</param>
    /// <param name="progress">What it reports.</param>
    public void Update(TimeSpan elapsed, OperationProgress progress)
    {
        double seconds = elapsed.TotalSeconds - _elapsed;
        _bytesLeft = Math.Max(0, progress.LeftInAll);
        if (seconds <= 0)
        {
            return;
        }

        double speed = Math.Max(0, progress.DoneInAll - _bytesDone) / seconds;
        double weight = BytesPerSecond <= 0 ? 1 : 1 - Math.Exp(-seconds / MemorySeconds);
        BytesPerSecond += (speed - BytesPerSecond) * weight;
        _elapsed = elapsed.TotalSeconds;
        _bytesDone = progress.DoneInAll;
    }
}
