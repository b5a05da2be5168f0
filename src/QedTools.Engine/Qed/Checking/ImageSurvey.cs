using QedTools.Qed.Files;
using QedTools.Qed.Format;

namespace QedTools.Qed.Checking;

/// <summary>The result of a check and the clusters it found in use.</summary>
/// <param name="Result">The result.</param>
/// <param name="Tables">The clusters of the L1 table and of all L2 tables.</param>
/// <param name="Data">The data clusters that are not part of a table.</param>
/// <param name="EmptyTables">How many L2 tables map nothing.</param>
internal sealed record ImageSurvey(QedCheckResult Result, ClusterSet Tables, ClusterSet Data, long EmptyTables)
{
    /// <summary>Whether something refers to a cluster.</summary>
    public bool IsUsed(long cluster) => Data.Contains(cluster) || Tables.Contains(cluster);

    /// <summary>How long a file without damage is once it has been packed, in bytes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="used">How many of its clusters are in use, without the header.</param>
    /// <param name="leaked">How many are not. If there are none, the file is left as it is, with whatever follows its last whole cluster.</param>
    public static long PackedLength(QedFile file, long used, long leaked)
    {
        QedGeometry geometry = file.Header.Geometry;
        return leaked == 0 ? file.Layout.FileLength : geometry.BytesOf(geometry.WholeClusters(file.Header.HeaderBytes) + used);
    }
}
