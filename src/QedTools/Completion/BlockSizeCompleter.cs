using System.Collections.Generic;
using System.Linq;
using QedTools.Interchange.Vhd;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Completion;

/// <summary>Completes the block size of a VHDX or VHD file.</summary>
internal sealed class BlockSizeCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) => FormatOf(session) switch
    {
        null or QedDiskFormat.Vhdx => PowersOfTwo(VhdxGeometry.MinBlockSize, VhdxGeometry.MaxBlockSize)
            .Select(size => (Literal(size), Describe("VHDX", size, VhdxGeometry.DefaultBlockSize))),
        QedDiskFormat.Vhd => new[] { VhdBlocks.SmallBlockSize, VhdBlocks.DefaultBlockSize }
            .Select(size => (Literal(size), Describe("VHD", size, VhdBlocks.DefaultBlockSize))),
        _ => [],
    };

    private static string Describe(string format, int size, int defaultSize) =>
        $"{format} blocks of {ByteSize.Format(size)}{DefaultMark(size == defaultSize)}";
}
