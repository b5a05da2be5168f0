using System;
using System.IO;
using QedTools.Serving;

namespace QedTools.Tests.Serving;

/// <summary>A client that has sent everything in advance, in pieces of any size, and reads everything.</summary>
internal sealed class ScriptedChannel(byte[] script, Random pieces) : NbdChannel
{
    private readonly object _gate = new();
    private readonly MemoryStream _sent = new();
    private readonly bool _isWhole = pieces.Next(2) == 0;
    private int _at;
    private volatile bool _isAborted;

    /// <summary>Everything that the server has sent.</summary>
    public byte[] Sent
    {
        get
        {
            lock (_gate)
            {
                return _sent.ToArray();
            }
        }
    }

    /// <summary>Whether the server has cut the connection off, perhaps in the middle of a message.</summary>
    public bool IsAborted => _isAborted;

    public override bool IsEncrypted => false;

    public override int Receive(byte[] buffer, int offset, int count)
    {
        if (_isAborted)
        {
            throw new NbdDisconnectedException();
        }

        int piece = Math.Min(_isWhole ? count : pieces.Next(1, Math.Max(2, Math.Min(count, 300))), script.Length - _at);
        script.AsSpan(_at, piece).CopyTo(buffer.AsSpan(offset));
        _at += piece;
        return piece;
    }

    public override void Send(byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            if (_isAborted)
            {
                throw new NbdDisconnectedException();
            }

            _sent.Write(buffer, offset, count);
        }
    }

    public override void StartTls(NbdTls tls) => throw new NotSupportedException();

    public override void EndReceiving() => _at = script.Length;

    public override void Abort() => _isAborted = true;

    public override void Dispose()
    {
    }
}
