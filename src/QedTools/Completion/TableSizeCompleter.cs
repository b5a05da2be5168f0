using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes the table size of QED images.</summary>
internal sealed class TableSizeCompleter : GeometryCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) =>
        FormatOf(session) is null or QedDiskFormat.Qed ? base.Candidates(session) : [];

    private protected override IEnumerable<(string Text, QedGeometry Geometry)> Geometries(CompletionSession session)
    {
        int clusterSize = session.NumberOf("ClusterSizeBytes") is { } typed && QedGeometry.IsClusterSize(typed) ? (int)typed : QedGeometry.DefaultClusterSize;
        return PowersOfTwo(QedGeometry.MinTableSize, QedGeometry.MaxTableSize)
            .Select(size => (size.ToString(CultureInfo.InvariantCulture), new QedGeometry(clusterSize, size)));
    }
}
