using System.Collections.Generic;
using System.Globalization;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes a table's size.</summary>
internal sealed class TableSizeCompleter : GeometryCompleter
{
    private protected override IEnumerable<(string Text, int ClusterSize, int TableSize)> Candidates(CompletionSession session)
    {
        int clusterSize = session.NumberOf("ClusterSizeBytes") is { } typed && QedGeometry.IsClusterSize(typed) ? (int)typed : QedGeometry.DefaultClusterSize;
        for (int size = QedGeometry.MinTableSize; size <= QedGeometry.MaxTableSize; size *= 2)
        {
            yield return (size.ToString(CultureInfo.InvariantCulture), clusterSize, size);
        }
    }
}
