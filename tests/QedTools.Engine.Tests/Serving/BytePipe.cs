using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace QedTools.Tests.Serving;

/// <summary>Bytes on their way from one thread to another.</summary>
/// <param name="capacity">How many may be on their way, in bytes; more have to wait.</param>
internal sealed class BytePipe(int capacity)
{
    private readonly object _gate = new();
    private readonly Queue<byte[]> _chunks = new();
    private int _taken;
    private int _held;
    private bool _isComplete;
    private bool _isClosed;

    /// <summary>How many bytes have been taken so far.</summary>
    public long TotalTaken { get; private set; }

    /// <summary>How many bytes are on their way.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>Waits for bytes and returns some of them; 0 at the end.</summary>
    /// <exception cref="TimeoutException">They did not come in time.</exception>
    public int Read(Span<byte> buffer, TimeSpan limit)
    {
        lock (_gate)
        {
            while (_chunks.Count == 0)
            {
                if (_isComplete || _isClosed)
                {
                    return 0;
                }

                if (!Monitor.Wait(_gate, limit))
                {
                    throw new TimeoutException("Nothing came in time.");
                }
            }

            byte[] first = _chunks.Peek();
            int count = Math.Min(buffer.Length, first.Length - _taken);
            first.AsSpan(_taken, count).CopyTo(buffer);
            _taken += count;
            _held -= count;
            TotalTaken += count;
            if (_taken == first.Length)
            {
                _chunks.Dequeue();
                _taken = 0;
            }

            Monitor.PulseAll(_gate);
            return count;
        }
    }

    /// <summary>Sends bytes; waits while too many are on their way.</summary>
    /// <exception cref="IOException">Nobody takes them any more.</exception>
    /// <exception cref="TimeoutException">They could not be sent in time.</exception>
    public void Write(ReadOnlySpan<byte> bytes, TimeSpan limit)
    {
        while (bytes.Length > 0)
        {
            lock (_gate)
            {
                while (!_isClosed && !_isComplete && _held >= capacity)
                {
                    if (!Monitor.Wait(_gate, limit))
                    {
                        throw new TimeoutException("Nobody took the bytes in time.");
                    }
                }

                if (_isClosed || _isComplete)
                {
                    throw new IOException("The other side is gone.");
                }

                int count = Math.Min(bytes.Length, capacity - _held);
                _chunks.Enqueue(bytes[..count].ToArray());
                _held += count;
                bytes = bytes[count..];
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Nothing more will be written; what is on its way can still be read.</summary>
    public void Complete() => End(ref _isComplete);

    /// <summary>Nothing will be read any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _chunks.Clear();
            (_taken, _held) = (0, 0);
        }

        End(ref _isClosed);
    }

    private void End(ref bool flag)
    {
        lock (_gate)
        {
            flag = true;
            Monitor.PulseAll(_gate);
        }
    }
}
