using System;
using System.Reflection;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>
/// A ZstdSharp.Compressor, by its name: the engine must not refer to the type, which would come from the process's own load context.
/// </summary>
internal sealed class ZstdCompressor : IDisposable
{
    // ZSTD_CLEVEL_DEFAULT (zstd.h).
    private const int DefaultLevel = 3;

    private readonly IDisposable _compressor;
    private readonly TryWrap _tryWrap;

    /// <summary>Creates one that packs as tightly as is usual.</summary>
    public ZstdCompressor()
    {
        Type type = ZstdLibrary.Compressor;
        _compressor = (IDisposable)Activator.CreateInstance(type, DefaultLevel)!;
        MethodInfo tryWrap = type.GetMethod(nameof(TryWrap), [typeof(ReadOnlySpan<byte>), typeof(Span<byte>), typeof(int).MakeByRefType()])
            ?? throw new MissingMethodException(type.FullName, nameof(TryWrap));
        _tryWrap = (TryWrap)Delegate.CreateDelegate(typeof(TryWrap), _compressor, tryWrap);
    }

    private delegate bool TryWrap(ReadOnlySpan<byte> source, Span<byte> destination, out int written);

    /// <summary>Packs data to a frame.</summary>
    /// <param name="data">The data.</param>
    /// <param name="packed">What to fill.</param>
    /// <param name="length">How many bytes came of it; 0 if they do not fit.</param>
    /// <returns>Whether they fit.</returns>
    public bool TryPack(ReadOnlySpan<byte> data, Span<byte> packed, out int length)
    {
        bool fits = _tryWrap(data, packed, out int written);
        length = fits ? written : 0;
        return fits;
    }

    /// <inheritdoc/>
    public void Dispose() => _compressor.Dispose();
}
