using System;
using System.IO;

namespace QedTools.Tests.Reliability;

/// <summary>The calls of a file that can fail.</summary>
internal enum FaultKind
{
    Read,
    Write,
    Flush,
    SetLength,

    /// <summary>Blocks of another file are shared.</summary>
    Share,
}

/// <summary>A call that is about to be made.</summary>
/// <param name="Index">The number of earlier calls on any file.</param>
/// <param name="Kind">The kind of call.</param>
/// <param name="Name">The file.</param>
/// <param name="Offset">The offset, in bytes.</param>
/// <param name="Length">The number of bytes.</param>
/// <param name="Total">The total length of all files before the call, in bytes.</param>
/// <param name="Growth">How much longer the call makes the file, in bytes.</param>
internal readonly record struct FaultPoint(int Index, FaultKind Kind, string Name, long Offset, long Length, long Total, long Growth);

/// <summary>How a call fails.</summary>
/// <param name="IsDiskFull">Whether the disk is full; otherwise the hardware fails.</param>
/// <param name="IsHalfDone">Whether some sectors of a write are written before it fails.</param>
internal sealed record Fault(bool IsDiskFull, bool IsHalfDone = false)
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    /// <summary>The number of bytes of a write that are still written, in whole sectors.</summary>
    public int DoneOf(long offset, int length) =>
        IsHalfDone ? (int)Math.Max(0, ((offset + (length / 2)) / PowerCut.SectorSize * PowerCut.SectorSize) - offset) : 0;

    /// <summary>The exception that the engine's storage code throws for such a host error.</summary>
    public QedException ToException(string path, string action, long? offset) => IsDiskFull
        ? new QedDiskFullException(path, action, offset, new IOException("No space left on device", NoSpace))
        : new QedStorageException(path, action, offset, new IOException("Input/output error", InputOutput));
}
