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
}

/// <summary>A call that is about to be made.</summary>
/// <param name="Index">How many calls of any file came before it.</param>
/// <param name="Kind">Which call.</param>
/// <param name="Name">The file.</param>
/// <param name="Offset">Where, in bytes.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Total">The length of all files before it, in bytes.</param>
/// <param name="Growth">How much longer it makes the file, in bytes.</param>
internal readonly record struct FaultPoint(int Index, FaultKind Kind, string Name, long Offset, long Length, long Total, long Growth);

/// <summary>How a call fails.</summary>
/// <param name="IsDiskFull">Because there is no room, else because of the hardware.</param>
/// <param name="IsHalfDone">Whether some sectors of a write are written before it fails.</param>
internal sealed record Fault(bool IsDiskFull, bool IsHalfDone = false)
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    /// <summary>How many bytes of a write are written: whole sectors.</summary>
    public int DoneOf(long offset, int length) =>
        IsHalfDone ? (int)Math.Max(0, ((offset + (length / 2)) / PowerCut.SectorSize * PowerCut.SectorSize) - offset) : 0;

    /// <summary>What the Storage room throws for such an error of the host.</summary>
    public QedException ToException(string path, string action, long? offset) => IsDiskFull
        ? new QedDiskFullException(path, action, offset, new IOException("No space left on device", NoSpace))
        : new QedStorageException(path, action, offset, new IOException("Input/output error", InputOutput));
}
