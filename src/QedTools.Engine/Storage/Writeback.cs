namespace QedTools.Storage;

/// <summary>
/// Lets the host begin early to write out a file that is written front to back and flushed at the end, so that the disk is not
/// idle until then.
/// </summary>
/// <param name="storage">The file; null if it will not be flushed, in which case nothing happens.</param>
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
