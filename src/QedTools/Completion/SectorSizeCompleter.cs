using System.Collections.Generic;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Completion;

/// <summary>Completes the size of the sectors that a VHDX disk shows.</summary>
internal sealed class SectorSizeCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) =>
        FormatOf(session) is null or QedDiskFormat.Vhdx
            ?
            [
                ($"{VhdxGeometry.DefaultSectorSize}", "Sectors of 512 bytes, which every guest takes" + DefaultMark(true)),
                ("4096", "Sectors of 4 KiB; guests must know such disks"),
            ]
            : [];
}
