using System.Text;

namespace QedTools.Interchange.Vmdk;

// .NET Framework has all code pages, and needs no package for them.
internal static partial class DescriptorEncoding
{
    private static Encoding? Find(string name) => Encoding.GetEncoding(name);
}
