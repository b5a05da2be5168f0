using System;
using System.IO;
using System.Threading;
using QedTools.Serving;
using QedTools.Tests.Support;

namespace QedTools.Tests.Serving;

/// <summary>A connection without a network: a channel for the server and a stream for the client.</summary>
internal sealed class MemoryLink
{
    private readonly BytePipe _toServer;
    private readonly BytePipe _toClient;

    /// <param name="capacity">How many bytes may be on their way in each direction.</param>
    public MemoryLink(int capacity = int.MaxValue)
    {
        _toServer = new BytePipe(capacity);
        _toClient = new BytePipe(capacity);
        Channel = new ServerSide(this);
        Stream = new ClientSide(this);
    }

    public NbdChannel Channel { get; }

    public Stream Stream { get; }

    /// <summary>How many bytes the server has not received yet.</summary>
    public int Unreceived => _toServer.Held;

    /// <summary>How many bytes the server has received.</summary>
    public long Received => _toServer.TotalTaken;

    /// <summary>Whether the server has ended the connection.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether the server waits for the client: nothing happens during many turns of other threads.</summary>
    /// <param name="progress">A figure that changes when something happens.</param>
    public bool Stalls(Func<long> progress)
    {
        (long received, long done) = (Received, progress());
        for (int turn = 0; turn < 50; turn++)
        {
            Thread.Yield();
            SpinWait.SpinUntil(() => Received != received || progress() != done, 1);
            if (Received != received || progress() != done)
            {
                return false;
            }
        }

        return true;
    }

    private sealed class ServerSide(MemoryLink link) : NbdChannel
    {
        private volatile bool _isAborted;

        public override bool IsEncrypted => false;

        public override int Receive(byte[] buffer, int offset, int count)
        {
            int received = link._toServer.Read(buffer.AsSpan(offset, count), Timeout.InfiniteTimeSpan);
            return _isAborted ? throw new NbdDisconnectedException() : received;
        }

        public override void Send(byte[] buffer, int offset, int count)
        {
            try
            {
                link._toClient.Write(buffer.AsSpan(offset, count), Timeout.InfiniteTimeSpan);
            }
            catch (IOException e)
            {
                throw new NbdDisconnectedException(e);
            }
        }

        public override void StartTls(NbdTls tls) => throw new NotSupportedException();

        public override void EndReceiving() => link._toServer.Complete();

        public override void Abort()
        {
            _isAborted = true;
            Dispose();
        }

        public override void Dispose()
        {
            link.IsEnded = true;
            link._toServer.Close();
            link._toClient.Complete();
        }
    }

    private sealed class ClientSide(MemoryLink link) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => link._toClient.Read(buffer.AsSpan(offset, count), Patience.Limit);

        public override void Write(byte[] buffer, int offset, int count) => link._toServer.Write(buffer.AsSpan(offset, count), Patience.Limit);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            link._toServer.Complete();
            link._toClient.Close();
            base.Dispose(disposing);
        }
    }
}
