using System.Text;

namespace QedTools.Interchange.Vmdk;

// .NET has the code pages beside the encodings that everybody gets.
internal static partial class DescriptorEncoding
{
    private static Encoding? Find(string name) => CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
}
