using System;
using System.Text;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Serving;

/// <summary>A disk that clients can use, shared by all of them.</summary>
internal sealed class NbdExport
{
    private readonly object _flushing = new();
    private readonly Action _close;
    private long _wanted;
    private long _flushed;
    private int _flushers;

    /// <param name="facts">What it is.</param>
    /// <param name="disk">The disk; at least as long as the facts say.</param>
    /// <param name="granule">The unit in which the disk can forget data, in bytes: a power of two.</param>
    /// <param name="close">Writes the last changes and closes the files that make up the disk.</param>
    public NbdExport(QedNbdExport facts, IDisk disk, int granule, Action close)
    {
        Facts = facts;
        Disk = disk;
        Granule = granule;
        _close = close;
        Name = Encoding.UTF8.GetBytes(facts.Name);
    }

    /// <summary>What it is.</summary>
    public QedNbdExport Facts { get; }

    /// <summary>Its name, as the protocol has it.</summary>
    public byte[] Name { get; }

    /// <summary>The disk.</summary>
    public IDisk Disk { get; }

    /// <summary>The unit in which the disk can forget data, in bytes.</summary>
    public int Granule { get; }

    /// <summary>Its size, in bytes.</summary>
    public long Size => Facts.Size;

    /// <summary>Whether clients may write to it.</summary>
    public bool IsWritable => !Facts.IsReadOnly;

    /// <summary>Whether a flush goes on, which a write would have to wait for.</summary>
    public bool IsFlushing => Volatile.Read(ref _flushers) > 0;

    /// <summary>What can be done with it.</summary>
    public NbdExportFlags FlagsIn(NbdReplyStyle style)
    {
        NbdExportFlags flags = NbdExportFlags.HasFlags | NbdExportFlags.SendFlush | NbdExportFlags.SendFua
            | NbdExportFlags.CanMultiConnect | NbdExportFlags.SendCache;
        flags |= IsWritable
            ? NbdExportFlags.SendTrim | NbdExportFlags.SendWriteZeroes | NbdExportFlags.SendFastZero
            : NbdExportFlags.ReadOnly;
        return style == NbdReplyStyle.Simple ? flags : flags | NbdExportFlags.SendDoNotFragment;
    }

    /// <summary>Returns when everything written before, by any client, is on the disk.</summary>
    /// <remarks>Of several callers at a time, one flushes for all that had come when it began.</remarks>
    /// <exception cref="QedException">It could not be written.</exception>
    public void Flush()
    {
        if (!IsWritable)
        {
            return;
        }

        long mine = Interlocked.Increment(ref _wanted);
        Interlocked.Increment(ref _flushers);
        try
        {
            lock (_flushing)
            {
                if (_flushed >= mine)
                {
                    return;
                }

                long covered = Interlocked.Read(ref _wanted);
                Disk.Flush();
                _flushed = covered;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _flushers);
        }
    }

    /// <summary>Writes the last changes and closes the files. Nobody may use the disk any more.</summary>
    /// <exception cref="QedException">They could not be written.</exception>
    public void Close() => _close();
}
