using System.Collections.Generic;
using System.Linq;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes the cluster size of QED images and of qcow2 files.</summary>
internal sealed class ClusterSizeCompleter : GeometryCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session) => FormatOf(session) switch
    {
        null or QedDiskFormat.Qed => base.Candidates(session),
        QedDiskFormat.Qcow2 => PowersOfTwo(Qcow2Geometry.MinClusterSize, Qcow2Geometry.MaxClusterSize).Select(size => (Literal(size), DescribeQcow2(size))),
        _ => [],
    };

    private protected override IEnumerable<(string Text, QedGeometry Geometry)> Geometries(CompletionSession session)
    {
        int tableSize = session.NumberOf("TableSize") is { } typed && QedGeometry.IsTableSize(typed) ? (int)typed : QedGeometry.DefaultTableSize;
        return PowersOfTwo(QedGeometry.MinClusterSize, QedGeometry.MaxClusterSize).Select(size => (Literal(size), new QedGeometry(size, tableSize)));
    }

    private static string DescribeQcow2(int size) =>
        $"Clusters of {ByteSize.Format(size)}{DefaultMark(size == Qcow2Geometry.DefaultClusterSize)}: "
        + $"qcow2 disks of up to {ByteSize.Format(Qcow2Geometry.OfClusterSize(size).MaxVirtualSize)}";
}
