using System.Collections.Generic;
using System.Globalization;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes a cluster's size.</summary>
internal sealed class ClusterSizeCompleter : GeometryCompleter
{
    private const int Kilobyte = 1 << 10;
    private const int Megabyte = 1 << 20;

    private protected override IEnumerable<(string Text, int ClusterSize, int TableSize)> Candidates(CompletionSession session)
    {
        int tableSize = session.NumberOf("TableSize") is { } typed && QedGeometry.IsTableSize(typed) ? (int)typed : QedGeometry.DefaultTableSize;
        for (int size = QedGeometry.MinClusterSize; size <= QedGeometry.MaxClusterSize; size *= 2)
        {
            string text = size < Megabyte
                ? string.Format(CultureInfo.InvariantCulture, "{0}KB", size / Kilobyte)
                : string.Format(CultureInfo.InvariantCulture, "{0}MB", size / Megabyte);
            yield return (text, size, tableSize);
        }
    }
}
