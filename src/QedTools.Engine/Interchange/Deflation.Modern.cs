using System;
using System.IO;
using System.IO.Compression;
using System.Reflection;

namespace QedTools.Interchange;

/// <summary>Streams that deflate what is written to them.</summary>
internal static class Deflation
{
    // The level at which zlib-ng, which .NET has since version 9, packs about as tightly as zlib does at its usual one.
    private const int TightLevel = 7;

    private static readonly Func<Stream, DeflateStream>? BeginByLevel = FindByLevel();

    /// <summary>A stream for data that is to be packed quickly.</summary>
    /// <param name="packed">What is packed goes there; stays open.</param>
    public static DeflateStream Begin(Stream packed) => new(packed, CompressionLevel.Optimal, leaveOpen: true);

    /// <summary>A stream for data that is to be packed as tightly as zlib does it.</summary>
    /// <param name="packed">What is packed goes there; stays open.</param>
    public static DeflateStream BeginTight(Stream packed) => BeginByLevel?.Invoke(packed) ?? Begin(packed);

    /// <summary>Writes a buffer.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> buffer) => stream.Write(buffer);

    // By name, because the engine is built for .NET 8, in which levels have no numbers.
    private static Func<Stream, DeflateStream>? FindByLevel()
    {
        Type? type = typeof(DeflateStream).Assembly.GetType("System.IO.Compression.ZLibCompressionOptions");
        if (type?.GetProperty("CompressionLevel") is not { } level
            || typeof(DeflateStream).GetConstructor([typeof(Stream), type, typeof(bool)]) is not { } constructor)
        {
            return null;
        }

        object options = Activator.CreateInstance(type)!;
        level.SetValue(options, TightLevel);
        return packed => (DeflateStream)constructor.Invoke(BindingFlags.DoNotWrapExceptions, binder: null, [packed, options, true], culture: null);
    }
}
