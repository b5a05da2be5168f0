using System;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>The storage of a backing file: any change to it fails the test.</summary>
internal sealed class ReadOnlyStorage(IStorage inner) : ForwardingStorage(inner)
{
    public override bool CanWrite => false;

    public override void Write(long offset, ReadOnlySpan<byte> data) =>
        throw new InvalidOperationException($"{data.Length} bytes were written at {offset} of {Path}, which must only be read.");

    public override void SetLength(long length) =>
        throw new InvalidOperationException($"The length of {Path}, which must only be read, was set to {length}.");

    public override void Flush() => throw new InvalidOperationException($"{Path}, which must only be read, was flushed.");
}
