using System.Threading;

namespace QedTools.Serving;

/// <summary>How much all clients of a server have read and written.</summary>
internal sealed class NbdTotals
{
    private long _read;
    private long _written;

    /// <summary>What was read, in bytes.</summary>
    public long Read => Interlocked.Read(ref _read);

    /// <summary>What was written, in bytes; without zeroes that were not sent.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Adds to <see cref="Read"/>.</summary>
    public void AddRead(long bytes) => Interlocked.Add(ref _read, bytes);

    /// <summary>Adds to <see cref="Written"/>.</summary>
    public void AddWritten(long bytes) => Interlocked.Add(ref _written, bytes);
}
