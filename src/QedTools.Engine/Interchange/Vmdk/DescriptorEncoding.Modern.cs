using System.Text;

namespace QedTools.Interchange.Vmdk;

// .NET has the code pages in addition to its default encodings.
internal static partial class DescriptorEncoding
{
    private static Encoding? Find(string name) => CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
}
