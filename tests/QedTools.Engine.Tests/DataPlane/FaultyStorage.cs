using System;
using System.IO;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>Fails one call, or all calls from one on.</summary>
internal sealed class FaultyStorage(IStorage inner) : ForwardingStorage(inner)
{
    private readonly int[] _calls = new int[4];

    /// <summary>The kind of call that fails.</summary>
    public StorageCall Kind { get; set; }

    /// <summary>The number of the failing call of that kind, from 1; 0 for none.</summary>
    public int Number { get; set; }

    /// <summary>Whether all later changes fail as well.</summary>
    public bool StaysBroken { get; set; }

    /// <summary>Whether the failure is a full disk; otherwise it is an I/O error.</summary>
    public bool IsFull { get; set; }

    /// <summary>Whether a call has failed so far.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The offset of the last failure, in bytes; null for a flush.</summary>
    public long? FailedAt { get; private set; }

    public int CallsOf(StorageCall kind) => _calls[(int)kind];

    public override int Read(long offset, Span<byte> buffer)
    {
        if (Fails(StorageCall.Read))
        {
            throw Failure("read", offset);
        }

        return Inner.Read(offset, buffer);
    }

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (Fails(StorageCall.Write))
        {
            // Part of it is written, in whole sectors.
            Inner.Write(offset, data[..(data.Length / 2 / 512 * 512)]);
            throw Failure("write", offset);
        }

        Inner.Write(offset, data);
    }

    public override void SetLength(long length)
    {
        if (Fails(StorageCall.SetLength))
        {
            throw Failure("write", length);
        }

        Inner.SetLength(length);
    }

    public override void Flush()
    {
        if (Fails(StorageCall.Flush))
        {
            throw Failure("write", offset: null);
        }

        Inner.Flush();
    }

    private QedException Failure(string action, long? offset)
    {
        FailedAt = offset;
        IOException cause = IsFull && action == "write"
            ? new IOException("Disk full, injected by the test.", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28)
            : new IOException("I/O error, injected by the test.");
        return StorageErrors.Translate(cause, Path, action, offset);
    }

    private bool Fails(StorageCall kind)
    {
        int number = Interlocked.Increment(ref _calls[(int)kind]);
        if ((StaysBroken && HasFailed && kind != StorageCall.Read) || (kind == Kind && number == Number))
        {
            HasFailed = true;
            return true;
        }

        return false;
    }
}
