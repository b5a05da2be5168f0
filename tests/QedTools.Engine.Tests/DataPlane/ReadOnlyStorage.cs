using System;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>A backing file's storage: any change of it is the test's failure.</summary>
internal sealed class ReadOnlyStorage(IStorage inner) : ForwardingStorage(inner)
{
    public override bool CanWrite => false;

    public override void Write(long offset, ReadOnlySpan<byte> data) =>
        throw new InvalidOperationException($"A write of {data.Length} bytes at {offset} of {Path}, which is only to be read.");

    public override void SetLength(long length) =>
        throw new InvalidOperationException($"The length of {Path}, which is only to be read, was to become {length}.");

    public override void Flush() => throw new InvalidOperationException($"A flush of {Path}, which is only to be read.");
}
