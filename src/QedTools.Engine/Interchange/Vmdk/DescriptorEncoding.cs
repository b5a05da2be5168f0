using System;
using System.Text;

namespace QedTools.Interchange.Vmdk;

/// <summary>The encodings that descriptors name: VMware writes that of the machine it runs on.</summary>
internal static partial class DescriptorEncoding
{
    /// <summary>The encoding of a descriptor that does not name one.</summary>
    public static Encoding Default => Encoding.UTF8;

    /// <summary>The encoding of a name such as "windows-1252", "Shift_JIS" or "GBK".</summary>
    /// <returns>Null if it is not known here, or if it cannot be that of a descriptor, whose keywords are ASCII.</returns>
    public static Encoding? Named(string name)
    {
        try
        {
            return Find(name) is { } encoding && encoding.GetString("RW"u8.ToArray()) == "RW" ? encoding : null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
