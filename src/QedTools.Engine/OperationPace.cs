using System;

namespace QedTools;

/// <summary>The speed of an operation and the time it has left, derived from its progress reports.</summary>
/// <remarks>
/// Older reports count less and less, so that the figures follow a disk that has become slower, but stay steady where a copy
/// skips holes.
/// </remarks>
public sealed class OperationPace
{
    // After this time the figures reflect two thirds of a change in speed.
    private const double MemorySeconds = 3;

    private double _elapsed;
    private double _bytesDone;
    private double _bytesLeft;

    /// <summary>The speed, in bytes per second; 0 while it is not known.</summary>
    public double BytesPerSecond { get; private set; }

    /// <summary>The time left; null while it is not known.</summary>
    public TimeSpan? Remaining => BytesPerSecond <= 0
        ? null
        : TimeSpan.FromSeconds(Math.Min(_bytesLeft / BytesPerSecond, int.MaxValue));

    /// <summary>Takes a report into account.</summary>
    /// <param name="elapsed">The time since the operation began; never less than in the call before.</param>
    /// <param name="progress">The report.</param>
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
