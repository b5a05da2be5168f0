using System;
using System.Buffers;
using System.Reflection;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>
/// A ZstdSharp.Decompressor, by its name: the engine must not refer to the type, which would come from the process's own load context.
/// </summary>
internal sealed class ZstdDecompressor : IDisposable
{
    // ZSTD_d_windowLogMax, the base 2 logarithm of the largest window in bytes (zstd.h).
    private const int WindowLogMax = 100;

    private readonly IDisposable _decompressor;
    private readonly Action _reset;
    private readonly UnwrapStream _unwrap;

    /// <summary>Creates one.</summary>
    /// <param name="maxWindowLog">The base 2 logarithm of the largest window in bytes; a frame that needs a larger one is refused.</param>
    public ZstdDecompressor(int maxWindowLog)
    {
        Type type = ZstdLibrary.Decompressor;
        _decompressor = (IDisposable)Activator.CreateInstance(type)!;
        MethodInfo setParameter = Method(type, "SetParameter");
        setParameter.Invoke(_decompressor, [Enum.ToObject(setParameter.GetParameters()[0].ParameterType, WindowLogMax), maxWindowLog]);
        _reset = (Action)Delegate.CreateDelegate(typeof(Action), _decompressor, Method(type, "ResetStream"));
        _unwrap = (UnwrapStream)Delegate.CreateDelegate(typeof(UnwrapStream), _decompressor, Method(type, "UnwrapStream"));
    }

    private delegate OperationStatus UnwrapStream(ReadOnlySpan<byte> source, Span<byte> destination, out int consumed, out int written);

    /// <summary>Whether an exception is the library's own, about the data.</summary>
    public static bool IsAboutData(Exception exception) => exception.GetType().FullName == "ZstdSharp.ZstdException";

    /// <summary>Begins with a new frame.</summary>
    public void Reset() => _reset();

    /// <summary>Unpacks as much as there is data and space for.</summary>
    public OperationStatus Unpack(ReadOnlySpan<byte> source, Span<byte> destination, out int consumed, out int written) =>
        _unwrap(source, destination, out consumed, out written);

    /// <inheritdoc/>
    public void Dispose() => _decompressor.Dispose();

    private static MethodInfo Method(Type type, string name) => type.GetMethod(name) ?? throw new MissingMethodException(type.FullName, name);
}
