using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>A file without holes, as on a host that does not support sparse files.</summary>
internal sealed class SolidStorage(IStorage inner) : ForwardingStorage(inner)
{
    public override StorageRange RangeAt(long offset, long length) => new(length, IsHole: false);
}
