using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>A file that takes its room everywhere, as on a host that knows no holes.</summary>
internal sealed class SolidStorage(IStorage inner) : ForwardingStorage(inner)
{
    public override StorageRange RangeAt(long offset, long length) => new(length, IsHole: false);
}
