using System.Collections.Generic;
using System.Linq;

namespace QedTools.Completion;

/// <summary>Completes the size of the blocks that two disks are compared in.</summary>
internal sealed class DifferenceBlockSizeCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) =>
        PowersOfTwo(DiskComparisonOptions.MinBlockSize, DiskComparisonOptions.MaxBlockSize).Select(size => (Literal(size), Describe(size)));

    private static string Describe(int size) =>
        $"Ranges of whole blocks of {ByteSize.Format(size)}{DefaultMark(size == DiskComparisonOptions.MinBlockSize)}";
}
