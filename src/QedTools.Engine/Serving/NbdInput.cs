using System;
using System.Buffers.Binary;

namespace QedTools.Serving;

/// <summary>What a client sends, message by message. Headers that arrive together are received together.</summary>
/// <param name="channel">The connection.</param>
internal sealed class NbdInput(NbdChannel channel)
{
    private const int BufferBytes = 16 << 10;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    /// <summary>Whether something was received that has not been taken.</summary>
    public bool HasMore => _start < _end;

    /// <summary>Waits until a message has been received.</summary>
    /// <param name="count">Its size, in bytes; small.</param>
    /// <returns>False if the client ended the connection instead.</returns>
    /// <exception cref="NbdDisconnectedException">It ended within the message.</exception>
    public bool TryFill(int count)
    {
        while (_end - _start < count)
        {
            if (_start + count > _buffer.Length)
            {
                Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
                (_start, _end) = (0, _end - _start);
            }

            int received = channel.Receive(_buffer, _end, _buffer.Length - _end);
            if (received == 0)
            {
                return _start == _end ? false : throw new NbdDisconnectedException();
            }

            _end += received;
        }

        return true;
    }

    /// <summary>The next bytes; valid until the next call.</summary>
    /// <exception cref="NbdDisconnectedException">The client ended the connection.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (!TryFill(count))
        {
            throw new NbdDisconnectedException();
        }

        ReadOnlySpan<byte> taken = _buffer.AsSpan(_start, count);
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        return taken;
    }

    /// <summary>Takes a number of 32 bits.</summary>
    public uint TakeUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>Takes a number of 64 bits.</summary>
    public ulong TakeUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>Takes bytes into a buffer of the caller, without a detour where they have not been received yet.</summary>
    /// <exception cref="NbdDisconnectedException">The client ended the connection.</exception>
    public void Read(byte[] target, int offset, int count)
    {
        int here = Math.Min(count, _end - _start);
        Buffer.BlockCopy(_buffer, _start, target, offset, here);
        _start += here;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        for (int done = here; done < count;)
        {
            int received = channel.Receive(target, offset + done, count - done);
            if (received == 0)
            {
                throw new NbdDisconnectedException();
            }

            done += received;
        }
    }

    /// <summary>Takes bytes that nobody wants.</summary>
    /// <exception cref="NbdDisconnectedException">The client ended the connection.</exception>
    public void Skip(long count)
    {
        while (count > 0)
        {
            int here = (int)Math.Min(count, Math.Max(1, _end - _start));
            Take(here);
            count -= here;
        }
    }
}
