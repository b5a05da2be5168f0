using System.Collections.Generic;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Completion;

/// <summary>Completes the logical sector size of a VHDX disk.</summary>
internal sealed class SectorSizeCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) =>
        FormatOf(session) is null or QedDiskFormat.Vhdx
            ?
            [
                ($"{VhdxGeometry.DefaultSectorSize}", "Sectors of 512 bytes, which every guest supports" + DefaultMark(true)),
                ("4096", "Sectors of 4 KiB, which the guest must support"),
            ]
            : [];
}
