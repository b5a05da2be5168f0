using System;
using System.Threading;

namespace QedTools.Serving;

/// <summary>One client, from the greeting to the end.</summary>
/// <param name="channel">The connection, which this owns.</param>
/// <param name="owner">The server.</param>
internal sealed class NbdConnection(NbdChannel channel, INbdClientOwner owner)
{
    private readonly long _deadline = NbdWatch.After(NbdLimits.HandshakeTime);
    private NbdTransmission? _transmission;

    /// <summary>How many threads work for the client, or wait for something to do.</summary>
    public int Threads => Volatile.Read(ref _transmission)?.Threads ?? 1;

    /// <summary>Serves the client until the connection is over.</summary>
    public void Run()
    {
        try
        {
            NbdInput input = new(channel);
            if (new NbdHandshake(owner.Exports, owner.Tls, () => owner.IsStopping, channel, input).Run() is { } session)
            {
                NbdTransmission transmission = new(session, channel, input, owner);
                Volatile.Write(ref _transmission, transmission);
                transmission.Run();
            }
        }
        catch (NbdDisconnectedException)
        {
            // That is how most connections end.
        }
        catch (NbdProtocolException e)
        {
            owner.Explain($"A client was disconnected: {e.Message}.");
        }
        catch (Exception e)
        {
            owner.Report(export: null, e);
        }
        finally
        {
            channel.Dispose();
        }
    }

    /// <summary>Ends a handshake that takes too long, and relieves a thread that is held up.</summary>
    /// <param name="now">The time, as <see cref="NbdWatch.Now"/> tells it.</param>
    /// <param name="patience">For how long a thread may be held up.</param>
    /// <returns>What the connection is doing.</returns>
    public NbdActivity Look(long now, long patience)
    {
        if (Volatile.Read(ref _transmission) is { } transmission)
        {
            return transmission.Relieve(now, patience) ? NbdActivity.Busy : NbdActivity.Idle;
        }

        if (now > _deadline)
        {
            channel.Abort();
        }

        return NbdActivity.Handshake;
    }

    /// <summary>Takes no more requests; those that have come are answered.</summary>
    public void EndReceiving() => channel.EndReceiving();

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => channel.Abort();
}
