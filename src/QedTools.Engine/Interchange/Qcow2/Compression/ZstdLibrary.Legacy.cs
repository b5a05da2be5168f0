using System;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>The assembly ZstdSharp, as the process has it: the .NET Framework has no load contexts.</summary>
internal static class ZstdLibrary
{
    /// <summary>The type ZstdSharp.Decompressor.</summary>
    /// <exception cref="System.IO.IOException">The assembly is not there, or another version was loaded first.</exception>
    public static Type Decompressor => typeof(ZstdSharp.Decompressor);

    /// <summary>The type ZstdSharp.Compressor.</summary>
    /// <exception cref="System.IO.IOException">The assembly is not there, or another version was loaded first.</exception>
    public static Type Compressor => typeof(ZstdSharp.Compressor);
}
