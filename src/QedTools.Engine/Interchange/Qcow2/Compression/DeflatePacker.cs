using System;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Packs clusters as <see cref="DeflateCompression"/> unpacks them.</summary>
/// <remarks>
/// QEMU itself refers back 4 KiB at the most. Its readers have no such limit, because they unpack a whole cluster in one call: farther
/// references make the file smaller, and the specification says nothing against them.
/// </remarks>
internal sealed class DeflatePacker : IClusterPacker
{
    public bool TryPack(ReadOnlySpan<byte> cluster, Span<byte> packed, out int length) => DeflatedData.TryPack(cluster, packed, out length);

    public void Dispose()
    {
    }
}
