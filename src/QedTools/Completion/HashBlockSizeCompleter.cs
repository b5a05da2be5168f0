using System.Collections.Generic;
using System.Linq;

namespace QedTools.Completion;

/// <summary>Completes the size of the blocks that a hash is computed in.</summary>
internal sealed class HashBlockSizeCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) =>
        PowersOfTwo(DiskHashingOptions.MinBlockSize, DiskHashingOptions.MaxBlockSize).Select(size => (Literal(size), Describe(size)));

    private static string Describe(int size) =>
        $"Blocks of {ByteSize.Format(size)}{DefaultMark(size == DiskHashingOptions.DefaultBlockSize)}: each size gives another hash";
}
