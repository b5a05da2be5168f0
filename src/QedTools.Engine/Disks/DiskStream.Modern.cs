using System;
using System.Threading;
using System.Threading.Tasks;

namespace QedTools;

// The overloads with spans, which streams have on this target only.
public sealed partial class DiskStream
{
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => ReadSpan(buffer);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => WriteSpan(buffer);

    /// <summary>Reads on another thread, so that the caller's is free.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => ReadSpan(buffer.Span), cancellationToken));

    /// <summary>Writes on another thread, so that the caller's is free.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => WriteSpan(buffer.Span), cancellationToken));
}
