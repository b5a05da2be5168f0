namespace QedTools.Storage;

/// <summary>
/// Lets the host begin early to bring a file to the disk that is written front to back and flushed at the end, so that
/// the disk does not stand idle until then.
/// </summary>
/// <param name="storage">The file; null if it is not flushed, and then nothing happens.</param>
internal sealed class Writeback(IStorage? storage)
{
    private const long Interval = 16 << 20;

    private long _waiting;

    /// <summary>Notes that bytes were written.</summary>
    public void Note(long bytes)
    {
        _waiting += bytes;
        if (_waiting >= Interval)
        {
            _waiting = 0;
            storage?.BeginFlush();
        }
    }
}
